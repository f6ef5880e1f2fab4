"""The licence reports of one operation: sums once a report, and what rows ask of days past once a page."""

from asyncio import gather
from functools import partial

from domain.entitlements.peer_groups import PeerGroup
from domain.entitlements.report_figures import ReportSums
from domain.types import AnalyticsProduct
from loaders.batch import BatchLoader
from loaders.request_memo import RequestMemo
from store.database.pages import Listing
from store.database.scope import Scope
from store.licenses.peer_groups import read_peer_group
from store.licenses.reports import LicenseReports, Report, ReportName, ReportOrder, ReportRow
from store.licenses.snapshots import DayFigures, LicenseLineKey, read_figures_a_week_ago, read_highest_used


class LicenseReportLoaders:
    """Made anew for each operation; what several fields need is read once, and nothing that no field needs."""

    def __init__(self, scope: Scope) -> None:
        self._reports: RequestMemo[None, LicenseReports] = RequestMemo(lambda _: LicenseReports.load(scope))
        # The whole partner's peer group of a product.
        self.peer_groups: RequestMemo[AnalyticsProduct, PeerGroup] = RequestMemo(
            lambda product: read_peer_group(scope, product, scope.now)
        )
        # What a report's rows add up to.
        self.sums: RequestMemo[Report, ReportSums] = RequestMemo(partial(_sums, self._reports, self.peer_groups))
        # By line, its latest snapshot of 7 to 13 days before today.
        self.week_ago: BatchLoader[LicenseLineKey, DayFigures] = BatchLoader(partial(read_figures_a_week_ago, scope))
        # By line, the highest use among the snapshots of three months.
        self.highest_used: BatchLoader[LicenseLineKey, int] = BatchLoader(partial(read_highest_used, scope))

    async def listing(self, report: Report, order: ReportOrder | None) -> Listing[ReportRow]:
        """A report's table."""
        threshold, reports = await gather(_threshold(self.peer_groups, report), self._reports.get(None))
        return reports.listing(report, order, threshold)


async def _sums(
    reports: RequestMemo[None, LicenseReports], peer_groups: RequestMemo[AnalyticsProduct, PeerGroup], report: Report
) -> ReportSums:
    threshold, found = await gather(_threshold(peer_groups, report), reports.get(None))
    return await found.read_sums(report, threshold)


async def _threshold(peer_groups: RequestMemo[AnalyticsProduct, PeerGroup], report: Report) -> float | None:
    if report.name is not ReportName.LOW_ASSIGNMENT:
        return None
    return (await peer_groups.get(report.product)).threshold
