"""Licence reports: what several fields share, and the snapshots that rows are compared with."""

from asyncio import gather
from collections.abc import Sequence
from functools import partial

from domain.entitlements.peer_groups import PeerGroup
from domain.entitlements.report_figures import ReportSums
from domain.types import AnalyticsProduct
from loaders.relation import in_key_order
from loaders.request_memo import RequestMemo
from store.database.pages import Listing
from store.database.scope import Scope
from store.licenses.peer_groups import read_peer_group
from store.licenses.reports import LicenseReports, Report, ReportName, ReportOrder, ReportRow
from store.licenses.snapshots import DayFigures, LicenseLineKey, read_figures_a_week_ago, read_highest_used


async def read_week_ago(scope: Scope, lines: Sequence[LicenseLineKey]) -> list[DayFigures | None]:
    """Return each line's latest snapshot of 7 to 13 days before today."""
    return in_key_order(lines, await read_figures_a_week_ago(scope, lines))


async def read_quarter_maximum(scope: Scope, lines: Sequence[LicenseLineKey]) -> list[int | None]:
    """Return the highest `used` of each line's snapshots of the last 92 days."""
    return in_key_order(lines, await read_highest_used(scope, lines))


class LicenseReportLoaders:
    """The reports of one operation. Each peer group, sum and set of lines is read once, where a field needs it."""

    def __init__(self, scope: Scope) -> None:
        self._reports: RequestMemo[None, LicenseReports] = RequestMemo(lambda _: LicenseReports.load(scope))
        # A product's peer group consists of the lines of the whole partner, visible or not.
        self.peer_groups: RequestMemo[AnalyticsProduct, PeerGroup] = RequestMemo(
            lambda product: read_peer_group(scope, product, scope.now)
        )
        self.sums: RequestMemo[Report, ReportSums] = RequestMemo(partial(_sums, self._reports, self.peer_groups))

    async def listing(self, report: Report, order: ReportOrder | None) -> Listing[ReportRow]:
        """Return the report's table."""
        threshold, reports = await gather(_threshold(self.peer_groups, report), self._reports.load(None))
        return reports.listing(report, order, threshold)


async def _sums(
    reports_memo: RequestMemo[None, LicenseReports],
    peer_groups: RequestMemo[AnalyticsProduct, PeerGroup],
    report: Report,
) -> ReportSums:
    threshold, reports = await gather(_threshold(peer_groups, report), reports_memo.load(None))
    return await reports.read_sums(report, threshold)


async def _threshold(peer_groups: RequestMemo[AnalyticsProduct, PeerGroup], report: Report) -> float | None:
    if report.name is not ReportName.LOW_ASSIGNMENT:
        return None
    return (await peer_groups.load(report.product)).threshold
