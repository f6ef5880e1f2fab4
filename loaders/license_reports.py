"""Licence reports: what several fields share, and the snapshots that rows are compared with."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from domain.customers.conditions import AllOf
from domain.entitlements.peer_groups import PeerGroup
from domain.entitlements.report_figures import ReportSums
from domain.types import AnalyticsProduct, LicenseReport
from loaders.relation import in_key_order
from loaders.request_memo import RequestMemo
from store.customers.visibility import (
    ALL_CUSTOMERS,
    CustomerConditions,
    CustomerRowFilter,
    select_customers,
    visible_customers,
)
from store.database.pages import Listing
from store.database.scope import Scope
from store.licenses.peer_groups import read_peer_group
from store.licenses.reports import LicenseReports, Report, ReportOrder, ReportRow
from store.licenses.snapshots import DayFigures, ProductLineKey, read_figures_a_week_ago


async def read_week_ago(scope: Scope, lines: Sequence[ProductLineKey]) -> list[DayFigures | None]:
    """Return the figures of each line 7 to 13 days before today."""
    return in_key_order(lines, await read_figures_a_week_ago(scope, lines))


class LicenseReportLoaders:
    """The reports of one operation. Each peer group, sum and set of customers is read once, where a field needs it.

    No memo refers back to this object: a cycle would wait for the garbage collector after every operation.
    """

    def __init__(self, scope: Scope) -> None:
        # The visible customers that match a filter, as conditions on lines and weeks.
        self.customers: RequestMemo[AllOf, CustomerConditions] = RequestMemo(partial(visible_customers, scope))
        # A product's peer group consists of the lines of the whole partner, visible or not.
        self.peer_groups: RequestMemo[AnalyticsProduct, PeerGroup] = RequestMemo(
            lambda product: read_peer_group(scope, product, scope.now)
        )
        load = partial(_load, scope, self.customers, self.peer_groups)
        self.sums: RequestMemo[Report, ReportSums] = RequestMemo(partial(_read_sums, load))
        self._scope = scope

    async def listing(self, report: Report, order: ReportOrder | None) -> Listing[ReportRow]:
        """Return the report's table."""
        read_all = partial(self.customers.load, report.condition)
        threshold, customers = await gather(
            _read_threshold(self.peer_groups, report), select_customers(self._scope, report.condition, read_all)
        )
        if isinstance(customers, CustomerRowFilter):
            return LicenseReports(self._scope, ALL_CUSTOMERS).listing(report, order, threshold, customers)
        return LicenseReports(self._scope, customers).listing(report, order, threshold)


_LoadReports = Callable[[Report], Awaitable[tuple[LicenseReports, float | None]]]


async def _read_sums(load: _LoadReports, report: Report) -> ReportSums:
    reports, threshold = await load(report)
    return await reports.read_sums(report, threshold)


async def _load(
    scope: Scope,
    customers: RequestMemo[AllOf, CustomerConditions],
    peer_groups: RequestMemo[AnalyticsProduct, PeerGroup],
    report: Report,
) -> tuple[LicenseReports, float | None]:
    """Return the reports over the report's customers, and the threshold, which only LOW_ASSIGNMENT needs."""
    threshold, conditions = await gather(_read_threshold(peer_groups, report), customers.load(report.condition))
    return LicenseReports(scope, conditions), threshold


async def _read_threshold(peer_groups: RequestMemo[AnalyticsProduct, PeerGroup], report: Report) -> float | None:
    if report.name is not LicenseReport.LOW_ASSIGNMENT:
        return None
    return (await peer_groups.load(report.product)).threshold
