"""Calling engagement of the customers in sight, from the sums of the latest completed weeks."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from domain.calling.figures import (
    CustomerQuality,
    CustomerQueue,
    CustomerUsage,
    EndpointQuality,
    FeatureUse,
    QualityPoint,
    QueueInsights,
    UsersPoint,
    completed_weeks,
)
from domain.calling.table_orders import CallingUsageOrderField, CallQualityOrderField
from domain.paging import PageRequest
from domain.time.instants import DAY, FOREVER
from domain.time.weeks import WEEK
from domain.types import OrderDirection
from resolvers.connections import UNREAD, Connection
from resolvers.context import Context
from store.calling.licenses import inactive_users, licenses_settled
from store.calling.licenses import users_trend as read_users_trend
from store.calling.quality_tables import quality_table, queue_table
from store.calling.reading import CallReading
from store.calling.tables import CallTable
from store.calling.totals import feature_use as read_feature_use
from store.calling.totals import quality_by_endpoint as read_quality_by_endpoint
from store.calling.totals import quality_trend as read_quality_trend
from store.calling.totals import queue_insights as read_queue_insights
from store.calling.usage_table import usage_table
from store.customers.customers import CustomerDocument

Row = TypeVar("Row")
Order = Mapping[str, Any] | None
# One aggregation a default trend; what it found is kept before the next, older weeks are read.
_WEEKS_AT_ONCE = 8


async def calling_engagement(context: Context, _root: None) -> CallReading:
    return await CallReading.begin(context.scope)


def week_start(_context: Context, reading: CallReading) -> date:
    return reading.week.date()


def week_end(_context: Context, reading: CallReading) -> date:
    return (reading.week + WEEK - DAY).date()


def refreshed_at(_context: Context, reading: CallReading) -> datetime | None:
    return reading.refreshed_at


async def users_trend(context: Context, reading: CallReading, weeks: int) -> list[UsersPoint]:
    wanted = completed_weeks(weeks, context.scope.now)
    settled = await licenses_settled(reading, wanted)
    inactive: list[int] = []
    for start in range(0, len(wanted), _WEEKS_AT_ONCE):
        inactive += await _inactive(context, reading, wanted[start : start + _WEEKS_AT_ONCE], settled)
    return await read_users_trend(reading, wanted, inactive)


async def _inactive(
    context: Context, reading: CallReading, weeks: Sequence[datetime], settled: Mapping[datetime, datetime]
) -> list[int]:
    """They join all customers, so they are kept where all they rest on is told by events, or stands in their name.

    Which lines run now is told by events. A snapshot is told by none, and an assignment may expire: with either of
    them, they are read anew each time.
    """
    is_kept = reading.seen is None and all(week in settled for week in weeks)
    turns_at = FOREVER if is_kept else context.scope.now
    name = ("inactive users", *((week, reading.roll_up_id(week), settled.get(week)) for week in weeks))

    async def read() -> tuple[list[int], datetime]:
        return await inactive_users(reading, weeks), turns_at

    return await context.figure(name, read)


async def quality_trend(context: Context, reading: CallReading, weeks: int) -> list[QualityPoint]:
    return await read_quality_trend(reading, completed_weeks(weeks, context.scope.now))


async def quality_by_endpoint(_context: Context, reading: CallReading) -> list[EndpointQuality]:
    return await read_quality_by_endpoint(reading)


async def feature_use(_context: Context, reading: CallReading) -> list[FeatureUse]:
    return await read_feature_use(reading)


async def queue_insights(_context: Context, reading: CallReading) -> QueueInsights:
    return await read_queue_insights(reading)


async def customers_by_usage(
    _context: Context, reading: CallReading, with_page: bool, order_by: Order = None, **page: Any
) -> Connection[CustomerUsage]:
    by, direction = _order(order_by, CallingUsageOrderField.CALLS)
    return await _connection(usage_table(reading, by, direction), with_page, page)


async def customers_by_quality(
    _context: Context, reading: CallReading, with_page: bool, order_by: Order = None, **page: Any
) -> Connection[CustomerQuality]:
    by, direction = _order(order_by, CallQualityOrderField.POOR)
    return await _connection(quality_table(reading, by, direction), with_page, page)


async def customers_by_queue(
    _context: Context, reading: CallReading, with_page: bool, **page: Any
) -> Connection[CustomerQueue]:
    return await _connection(queue_table(reading), with_page, page)


async def customer(context: Context, row: CustomerUsage | CustomerQuality | CustomerQueue) -> CustomerDocument | None:
    return await context.loaders.customers.get(row.customer_id)


def _order(given: Order, default: Any) -> tuple[Any, OrderDirection]:
    order = given or {}
    return order.get("field", default), order.get("direction", OrderDirection.DESC)


async def _connection(table: CallTable[Row], with_page: bool, page: Mapping[str, Any]) -> Connection[Row]:
    """The connection; its page is read only where one is selected, and a wrong request is refused in any case."""
    request = PageRequest(**page)
    return Connection(await table.page(request) if with_page else UNREAD, table.count)
