"""Calling engagement of the visible customers in one week, from weekly sums; trends end with that week."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from domain.batches import split_into_batches
from domain.calling.figures import (
    CustomerQuality,
    CustomerQueue,
    CustomerUsage,
    EndpointQuality,
    FeatureUse,
    QualityPoint,
    QueueInsights,
    UsersPoint,
    choose_week,
)
from domain.calling.table_orders import CallingUsageOrderField, CallQualityOrderField, CallQueueOrderField
from domain.paging import PageRequest
from domain.time.instants import DAY, MAX_INSTANT
from domain.time.weeks import WEEK
from domain.types import OrderDirection
from resolvers.connections import UNSELECTED_PAGE, Connection
from resolvers.context import Context
from store.calling.dataset import CallDataset
from store.calling.licensed_users import count_inactive_users, read_settled_license_weeks, read_users_trend
from store.calling.quality_tables import build_quality_table, build_queue_table
from store.calling.tables import CallTable
from store.calling.totals import read_feature_use, read_quality_by_endpoint, read_quality_trend, read_queue_insights
from store.calling.usage_table import build_usage_table
from store.customers.customers import CustomerDocument
from store.database.stored_fields import Projection

Row = TypeVar("Row")
Order = Mapping[str, Any] | None
# A default trend takes one aggregation. In a longer trend each part is cached before the next is read.
_WEEKS_PER_QUERY = 8


async def calling_engagement(context: Context, _root: None, week_start: date | None = None) -> CallDataset:
    return await context.loaders.call_datasets.load(choose_week(week_start, context.scope.now))


def week_start(_context: Context, dataset: CallDataset) -> date:
    return dataset.week.date()


def week_end(_context: Context, dataset: CallDataset) -> date:
    return (dataset.week + WEEK - DAY).date()


def refreshed_at(_context: Context, dataset: CallDataset) -> datetime | None:
    return dataset.refreshed_at


async def users_trend(context: Context, dataset: CallDataset, weeks: int) -> list[UsersPoint]:
    wanted = dataset.weeks(weeks)
    settled = await read_settled_license_weeks(dataset, wanted)
    inactive: list[int] = []
    for batch in split_into_batches(wanted, _WEEKS_PER_QUERY):
        inactive += await _inactive_users(context, dataset, batch, settled)
    return await read_users_trend(dataset, wanted, inactive)


async def _inactive_users(
    context: Context, dataset: CallDataset, weeks: Sequence[datetime], settled: Mapping[datetime, datetime]
) -> list[int]:
    """Return the inactive users of each week, cached if possible, because reading them joins all customers.

    Lines that start or end cause events, which drop the cached figure. A new snapshot and an expiring assignment cause
    none. So the figure is cached only for viewers of all customers and only if every week's licence sums are settled;
    the time of their last write is part of the figure's name, as is the roll-up of the calls.
    """
    is_kept = dataset.visible_ids is None and all(week in settled for week in weeks)
    valid_until = MAX_INSTANT if is_kept else context.scope.now
    name = ("inactive users", *((week, dataset.roll_up_id(week), settled.get(week)) for week in weeks))

    async def read() -> tuple[list[int], datetime]:
        return await count_inactive_users(dataset, weeks), valid_until

    return await context.read_figure(name, read)


async def quality_trend(_context: Context, dataset: CallDataset, weeks: int) -> list[QualityPoint]:
    return await read_quality_trend(dataset, dataset.weeks(weeks))


async def quality_by_endpoint(_context: Context, dataset: CallDataset) -> list[EndpointQuality]:
    return await read_quality_by_endpoint(dataset)


async def feature_use(_context: Context, dataset: CallDataset) -> list[FeatureUse]:
    return await read_feature_use(dataset)


async def queue_insights(_context: Context, dataset: CallDataset) -> QueueInsights:
    return await read_queue_insights(dataset)


async def customers_by_usage(
    _context: Context, dataset: CallDataset, with_page: bool, order_by: Order = None, **page: Any
) -> Connection[CustomerUsage]:
    by, direction = _order(order_by, CallingUsageOrderField.CALLS)
    return await _connection(build_usage_table(dataset, by, direction), with_page, page)


async def customers_by_quality(
    _context: Context, dataset: CallDataset, with_page: bool, order_by: Order = None, **page: Any
) -> Connection[CustomerQuality]:
    by, direction = _order(order_by, CallQualityOrderField.POOR)
    return await _connection(build_quality_table(dataset, by, direction), with_page, page)


async def customers_by_queue(
    _context: Context, dataset: CallDataset, with_page: bool, order_by: Order = None, **page: Any
) -> Connection[CustomerQueue]:
    by, direction = _order(order_by, CallQueueOrderField.ABANDONED_PERCENT)
    return await _connection(build_queue_table(dataset, by, direction), with_page, page)


async def customer(
    context: Context, rows: Sequence[CustomerUsage | CustomerQuality | CustomerQueue], projection: Projection = None
) -> list[CustomerDocument | None]:
    return await context.loaders.customers.load_all([row.customer_id for row in rows], projection)


def _order(order: Order, default_field: Any) -> tuple[Any, OrderDirection]:
    chosen = order or {}
    return chosen.get("field", default_field), chosen.get("direction", OrderDirection.DESC)


async def _connection(table: CallTable[Row], with_page: bool, page: Mapping[str, Any]) -> Connection[Row]:
    """Return the connection. A bad page request is an error even if no page is selected."""
    request = PageRequest(**page)
    return Connection(await table.page(request) if with_page else UNSELECTED_PAGE, table.count)
