"""The partner's KPIs: figures over the customers in sight, and the lists of the customers behind them."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.customers.kpis import KpiName
from domain.types import AnalyticsProduct
from loaders.figure_cache import affects_figures
from loaders.kpis import KpiKey
from resolvers.context import Context
from resolvers.customer_lists import CustomerList, build_customer_list
from resolvers.state_feeds import StateFeed, follow_state

# At most once a second, as the contract has it.
MIN_INTERVAL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class PartnerKpis:
    """The figures of one moment, of which only those that are selected are ever computed."""

    product: AnalyticsProduct | None
    as_of: datetime
    total_customers: KpiKey
    nearing_expiration: KpiKey
    nearing_renewal: KpiKey
    low_license_assignment: KpiKey
    over_license_limit: KpiKey


def kpis(context: Context, _root: None, product: AnalyticsProduct | None = None) -> PartnerKpis:
    return PartnerKpis(product, context.scope.now, **{name.lower(): KpiKey(name, product) for name in KpiName})


def kpis_changed(context: Context, product: AnalyticsProduct | None = None) -> AsyncGenerator[PartnerKpis, None]:
    """The figures at once, and again after whatever may have turned them."""

    async def read(context: Context) -> PartnerKpis:
        return kpis(context, None, product)

    return follow_state(context, StateFeed(read, affects_figures, MIN_INTERVAL_SECONDS))


async def count(context: Context, kpi: KpiKey) -> int:
    return await context.read_figure(kpi, lambda: context.loaders.kpis.read_figure(kpi))


async def customers(
    context: Context, kpi: KpiKey, with_page: bool, order_by: Mapping[str, Any] | None = None, **page: Any
) -> CustomerList:
    if context.is_state_feed:
        context.valid_until = min(context.valid_until, await context.loaders.kpis.valid_until(kpi))
    condition = await context.loaders.kpis.condition(kpi)
    return await build_customer_list(context, condition, order_by, page, with_page, lambda: count(context, kpi))
