"""Forecasts: what ends in the coming months, and the entitlements that could be renewed with fewer licences."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.entitlements.forecasts import RenewalMonth, check_months, forecast_months
from domain.entitlements.report_figures import check_days
from domain.types import AnalyticsProduct
from resolvers.connections import Connection, build_connection
from resolvers.context import Context
from resolvers.customer_lists import parse_customer_filter
from store.database.stored_fields import Projection
from store.entitlements.documents import EntitlementDocument
from store.licenses.forecasts import RightSizing, RightSizingQuery, list_right_sizing, read_end_groups


async def renewal_forecast(
    context: Context,
    _root: None,
    months: int,
    product: AnalyticsProduct | None = None,
    filter: Mapping[str, Any] | None = None,
) -> Sequence[RenewalMonth]:
    condition, scope = await parse_customer_filter(context, filter), context.scope
    length, customers = check_months(months), await context.loaders.license_reports.customers.load(condition)
    return forecast_months(await read_end_groups(scope, product, length, customers), scope.now, length)


async def right_sizing(
    context: Context,
    _root: None,
    product: AnalyticsProduct,
    days: int,
    with_page: bool,
    filter: Mapping[str, Any] | None = None,
    **page: Any,
) -> Connection[RightSizing]:
    query = RightSizingQuery(product, check_days(days), await parse_customer_filter(context, filter))
    customers = await context.loaders.license_reports.customers.load(query.condition)
    return await build_connection(list_right_sizing(context.scope, query, customers), with_page, **page)


async def entitlement(
    context: Context, rows: Sequence[RightSizing], projection: Projection = None
) -> list[EntitlementDocument | None]:
    return await context.loaders.entitlements.load_all([row.entitlement_id for row in rows], projection)
