"""The KPIs of one operation: the condition of each, the number of customers that match, and how long it is valid."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from domain.customers.conditions import EVERYTHING, AllOf
from domain.customers.holding_conditions import KPI_WINDOW_DAYS
from domain.customers.kpis import KpiKind, analytics_products, kpi_condition
from domain.entitlements.peer_groups import PeerGroup
from domain.time.instants import MAX_INSTANT
from domain.types import AnalyticsProduct
from loaders.request_memo import RequestMemo
from store.database.scope import Scope
from store.licenses.kpi_moments import next_peer_group_change, next_visibility_change, next_window_change
from store.licenses.peer_groups import read_peer_groups
from store.licenses.thresholds import with_thresholds

# Counts the visible customers that match.
CountCustomers = Callable[[AllOf], Awaitable[int]]
_WINDOW_KPIS = frozenset({KpiKind.NEARING_EXPIRATION, KpiKind.NEARING_RENEWAL})


class KpiKey(NamedTuple):
    """A KPI over the visible customers that match, for one product or, with None, for both analytics products."""

    name: KpiKind
    product: AnalyticsProduct | None
    condition: AllOf = EVERYTHING


class KpiLoader:
    """The KPIs of one operation. What several KPIs need is read once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._peer_groups: RequestMemo[tuple[str, ...], Mapping[str, PeerGroup]] = RequestMemo(
            lambda products: read_peer_groups(scope, products, scope.now)
        )
        self._window_changes: RequestMemo[tuple[str, ...], datetime] = RequestMemo(
            lambda products: next_window_change(scope, products, KPI_WINDOW_DAYS)
        )
        self._visibility_changes: RequestMemo[None, datetime] = RequestMemo(lambda _: next_visibility_change(scope))

    async def read_figure(self, kpi: KpiKey, count: CountCustomers) -> tuple[int, datetime]:
        """Return the number of customers, and the moment until which it is valid if no event affects it.

        The KPI has no condition: the moments of conditions are not known.
        """
        # Two reads are safe: FigureCache does not keep the figure if an event that affects it arrives between them.
        customers, valid_until = await gather(count(await self.condition(kpi)), self.valid_until(kpi))
        return customers, valid_until

    async def condition(self, kpi: KpiKey) -> AllOf:
        """Return the condition that the counted customers match."""
        condition = AllOf((kpi_condition(kpi.name, kpi.product), *kpi.condition.conditions))
        return await with_thresholds(self._scope, condition, self._peer_groups.load)

    async def valid_until(self, kpi: KpiKey) -> datetime:
        """Return the first moment at which the figure can change without an event."""
        moments = [self._visibility_changes.load(None)]
        if kpi.name in _WINDOW_KPIS:
            moments.append(self._window_changes.load(analytics_products(kpi.product)))
        if kpi.name is KpiKind.LOW_LICENSE_ASSIGNMENT:
            moments.append(self._next_peer_change(analytics_products(kpi.product)))
        return min(await gather(*moments), default=MAX_INSTANT)

    async def _next_peer_change(self, products: tuple[str, ...]) -> datetime:
        return await next_peer_group_change(self._scope, products)
