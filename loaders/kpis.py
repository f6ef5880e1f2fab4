"""The KPIs of one operation: which customers stand behind each, how many they are, and until when that holds."""

from asyncio import gather
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from domain.customers.filter import AllOf
from domain.customers.holding_conditions import WINDOW_DAYS
from domain.customers.kpis import KpiName, kpi_condition, products_of
from domain.entitlements.peer_groups import PeerGroup
from domain.time.instants import FOREVER
from domain.types import AnalyticsProduct
from loaders.request_memo import Once
from store.customers.customers import Customers
from store.database.scope import Scope
from store.licenses.kpi_moments import peers_turn_at, sight_turns_at, window_turns_at
from store.licenses.peer_groups import thresholds_of

_IN_A_WINDOW = frozenset({KpiName.NEARING_EXPIRATION, KpiName.NEARING_RENEWAL})


class Kpi(NamedTuple):
    """A figure over the customers in sight, for one product or for both."""

    name: KpiName
    product: AnalyticsProduct | None


class Kpis:
    """Made anew for each operation; what several figures need is read once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._groups: Once[tuple[str, ...], Mapping[str, PeerGroup]] = Once(
            lambda products: thresholds_of(scope, products, scope.now)
        )
        self._windows: Once[tuple[str, ...], datetime] = Once(
            lambda products: window_turns_at(scope, products, WINDOW_DAYS)
        )
        self._sights: Once[None, datetime] = Once(lambda _: sight_turns_at(scope))

    async def figure(self, kpi: Kpi) -> tuple[int, datetime]:
        """How many customers are counted, and the moment at which time alone may turn that."""
        # Whatever changes between the two is told by the feed, and then the figure is not kept.
        count, turns_at = await gather(self._count(kpi), self.turns_at(kpi))
        return count, turns_at

    async def condition(self, kpi: Kpi) -> AllOf:
        """Which customers are counted."""
        if kpi.name is not KpiName.LOW_LICENSE_ASSIGNMENT:
            return kpi_condition(kpi.name, kpi.product)
        products = products_of(kpi.product)
        groups = await self._groups.get(products)
        thresholds = {product: group.threshold for product, group in groups.items()}
        return kpi_condition(kpi.name, kpi.product, thresholds)

    async def turns_at(self, kpi: Kpi) -> datetime:
        """The moment at which time alone may turn the figure; whatever else turns it is told as a change."""
        moments = [self._sights.get(None)]
        if kpi.name in _IN_A_WINDOW:
            moments.append(self._windows.get(products_of(kpi.product)))
        if kpi.name is KpiName.LOW_LICENSE_ASSIGNMENT:
            moments.append(self._peers(products_of(kpi.product)))
        return min(await gather(*moments), default=FOREVER)

    async def _peers(self, products: tuple[str, ...]) -> datetime:
        return await peers_turn_at(self._scope, products)

    async def _count(self, kpi: Kpi) -> int:
        return await Customers(self._scope).count(await self.condition(kpi))
