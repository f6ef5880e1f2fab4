"""The partner's KPIs: figures over the customers in sight, and the lists of the customers behind them."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.customers.kpis import KpiName
from domain.types import AnalyticsProduct
from loaders.figure_cache import touches_figures
from loaders.kpis import Kpi
from resolvers.context import Context
from resolvers.customer_lists import CustomerList, listed
from resolvers.state_feeds import StateFeed, states

# At most once a second, as the contract has it.
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class PartnerKpis:
    """The figures of one moment, of which only those that are selected are ever computed."""

    product: AnalyticsProduct | None
    as_of: datetime
    total_customers: Kpi
    nearing_expiration: Kpi
    nearing_renewal: Kpi
    low_license_assignment: Kpi
    over_license_limit: Kpi


def kpis(context: Context, _root: None, product: AnalyticsProduct | None = None) -> PartnerKpis:
    return PartnerKpis(product, context.scope.now, **{name.lower(): Kpi(name, product) for name in KpiName})


def kpis_changed(context: Context, product: AnalyticsProduct | None = None) -> AsyncGenerator[PartnerKpis, None]:
    """The figures at once, and again after whatever may have turned them."""

    async def read(context: Context) -> PartnerKpis:
        return kpis(context, None, product)

    return states(context, StateFeed(read, touches_figures, PAUSE_SECONDS))


async def count(context: Context, kpi: Kpi) -> int:
    return await context.figure(kpi, lambda: context.loaders.kpis.figure(kpi))


async def customers(
    context: Context, kpi: Kpi, with_page: bool, order_by: Mapping[str, Any] | None = None, **page: Any
) -> CustomerList:
    if context.is_watching:
        context.turns_at = min(context.turns_at, await context.loaders.kpis.turns_at(kpi))
    condition = await context.loaders.kpis.condition(kpi)
    return await listed(context, condition, order_by, page, with_page, lambda: count(context, kpi))
