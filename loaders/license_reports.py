"""The licence reports of one operation: sums once a report, and what rows ask of days past once a page."""

from asyncio import gather
from functools import partial

from domain.entitlements.peer_groups import PeerGroup
from domain.entitlements.report_figures import ReportSums
from domain.types import AnalyticsProduct
from loaders.batch import Batch
from loaders.request_memo import Once
from store.database.pages import Listing
from store.database.scope import Scope
from store.licenses.peer_groups import threshold_of
from store.licenses.reports import LicenseReports, Report, ReportLine, ReportName, ReportOrder
from store.licenses.snapshots import DayFigures, LineKey, highest_used, week_ago


class Reports:
    """Made anew for each operation; what several fields need is read once, and nothing that no field needs."""

    def __init__(self, scope: Scope) -> None:
        self._reports: Once[None, LicenseReports] = Once(lambda _: LicenseReports.of(scope))
        # The whole partner's peer group of a product.
        self.peer_groups: Once[AnalyticsProduct, PeerGroup] = Once(
            lambda product: threshold_of(scope, product, scope.now)
        )
        # What a report's rows add up to.
        self.sums: Once[Report, ReportSums] = Once(partial(_sums, self._reports, self.peer_groups))
        # By line, its latest snapshot of 7 to 13 days before today.
        self.week_ago: Batch[LineKey, DayFigures] = Batch(partial(week_ago, scope))
        # By line, the highest use among the snapshots of three months.
        self.highest_used: Batch[LineKey, int] = Batch(partial(highest_used, scope))

    async def listing(self, report: Report, order: ReportOrder | None) -> Listing[ReportLine]:
        """A report's table."""
        threshold, reports = await gather(_threshold(self.peer_groups, report), self._reports.get(None))
        return reports.listing(report, order, threshold)


async def _sums(
    reports: Once[None, LicenseReports], peer_groups: Once[AnalyticsProduct, PeerGroup], report: Report
) -> ReportSums:
    threshold, found = await gather(_threshold(peer_groups, report), reports.get(None))
    return await found.sums(report, threshold)


async def _threshold(peer_groups: Once[AnalyticsProduct, PeerGroup], report: Report) -> float | None:
    if report.name is not ReportName.LOW_ASSIGNMENT:
        return None
    return (await peer_groups.get(report.product)).threshold
