"""The partner's KPIs: figures over the visible customers, and the lists of these customers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.customers.conditions import EVERYTHING
from domain.customers.kpis import KpiKind
from domain.types import AnalyticsProduct
from loaders.figure_cache import affects_figures
from loaders.kpis import KpiKey
from resolvers.context import Context
from resolvers.customer_lists import CustomerList, PageSelection, build_customer_list, parse_customer_filter
from resolvers.feeds import StateFeed
from store.database.stored_fields import Projection

# The schema promises at most one state a second.
MIN_INTERVAL_SECONDS = 1.0


class PartnerKpis(Struct, frozen=True):
    """The KPIs of one moment; only the selected ones are computed."""

    product: AnalyticsProduct | None
    as_of: datetime
    total_customers: KpiKey
    nearing_expiration: KpiKey
    nearing_renewal: KpiKey
    low_license_assignment: KpiKey
    over_license_limit: KpiKey


async def kpis(
    context: Context, _root: None, product: AnalyticsProduct | None = None, filter: Mapping[str, Any] | None = None
) -> PartnerKpis:
    condition = await parse_customer_filter(context, filter)
    keys = {name.lower(): KpiKey(name, product, condition) for name in KpiKind}
    return PartnerKpis(product, context.scope.now, **keys)


async def read_kpis(context: Context, product: AnalyticsProduct | None = None) -> PartnerKpis:
    """Return the KPIs as a state; their figures are read when they are selected."""
    return await kpis(context, None, product)


def at_moment_of(state: PartnerKpis, earlier: PartnerKpis) -> PartnerKpis:
    """Return the KPIs as if they had been read at the moment of the earlier ones."""
    return replace(state, as_of=earlier.as_of)


KPIS_CHANGED = StateFeed(read_kpis, affects_figures, MIN_INTERVAL_SECONDS, at_moment_of=at_moment_of)


async def count(context: Context, kpi: KpiKey) -> int:
    if kpi.condition != EVERYTHING:
        # The process keeps no figures over filters: their number and size are without limit.
        return await context.customer_counts.count(await context.loaders.kpis.condition(kpi))
    return await context.read_figure(kpi, lambda: context.loaders.kpis.read_figure(kpi, context.customer_counts.count))


async def customers(
    context: Context,
    kpi: KpiKey,
    with_page: bool,
    order_by: Mapping[str, Any] | None = None,
    projection: Projection = None,
    **page: Any,
) -> CustomerList:
    if context.is_state_feed:
        context.valid_until = min(context.valid_until, await context.loaders.kpis.valid_until(kpi))
    condition = await context.loaders.kpis.condition(kpi)
    selection = PageSelection(page, with_page, projection)
    return await build_customer_list(context, condition, order_by, selection, lambda: count(context, kpi))
