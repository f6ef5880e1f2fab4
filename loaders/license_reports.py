"""The licence reports of one operation: sums once a report, and what rows ask of days past once a page."""

from asyncio import gather
from functools import cached_property

from domain.peer_groups import PeerGroup
from domain.report_figures import ReportSums
from domain.types import AnalyticsProduct
from loaders.batch import Batch
from loaders.once import Once
from store.license_reports import LicenseReports, Report, ReportLine, ReportName, ReportOrder
from store.license_snapshots import DayFigures, LineKey, highest_used, week_ago
from store.pages import Listing
from store.peer_groups import threshold_of
from store.scope import Scope


class Reports:
    """Made anew for each operation; what several fields need is read once, and nothing that no field needs."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._reports: Once[None, LicenseReports] = Once(lambda _: LicenseReports.of(scope))

    @cached_property
    def peer_groups(self) -> Once[AnalyticsProduct, PeerGroup]:
        """The whole partner's peer group of a product."""
        return Once(lambda product: threshold_of(self._scope, product, self._scope.now))

    @cached_property
    def sums(self) -> Once[Report, ReportSums]:
        """What a report's rows add up to."""
        return Once(self._sums)

    @cached_property
    def week_ago(self) -> Batch[LineKey, DayFigures]:
        """By line, its latest snapshot of 7 to 13 days before today."""
        return Batch(lambda lines: week_ago(self._scope, lines))

    @cached_property
    def highest_used(self) -> Batch[LineKey, int]:
        """By line, the highest use among the snapshots of three months."""
        return Batch(lambda lines: highest_used(self._scope, lines))

    async def listing(self, report: Report, order: ReportOrder | None) -> Listing[ReportLine]:
        """A report's table."""
        threshold, reports = await gather(self._threshold(report), self._reports.get(None))
        return reports.listing(report, order, threshold)

    async def _sums(self, report: Report) -> ReportSums:
        threshold, reports = await gather(self._threshold(report), self._reports.get(None))
        return await reports.sums(report, threshold)

    async def _threshold(self, report: Report) -> float | None:
        if report.name is not ReportName.LOW_ASSIGNMENT:
            return None
        return (await self.peer_groups.get(report.product)).threshold
