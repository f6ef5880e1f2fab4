"""Calling engagement of the customers in sight, from the sums of the latest completed weeks."""

from asyncio import gather
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from domain.call_figures import (
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
from domain.call_orders import CallingUsageOrderField, CallQualityOrderField
from domain.instants import DAY, FOREVER
from domain.paging import PageRequest
from domain.types import OrderDirection
from domain.weeks import WEEK
from resolvers.connections import UNREAD, Connection
from resolvers.context import Context
from store.call_licenses import inactive_users, licenses_settled
from store.call_licenses import users_trend as read_users_trend
from store.call_quality_tables import quality_table, queue_table
from store.call_reading import CallReading
from store.call_tables import CallTable
from store.call_totals import feature_use as read_feature_use
from store.call_totals import quality_by_endpoint as read_quality_by_endpoint
from store.call_totals import quality_trend as read_quality_trend
from store.call_totals import queue_insights as read_queue_insights
from store.call_usage_table import usage_table
from store.customers import CustomerDocument

Row = TypeVar("Row")
Order = Mapping[str, Any] | None


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
    inactive = await gather(*(_inactive(context, reading, week, settled.get(week)) for week in wanted))
    return await read_users_trend(reading, wanted, inactive)


async def _inactive(context: Context, reading: CallReading, week: datetime, settled: datetime | None) -> int:
    """It joins all customers, so it is kept where all it rests on is told by events, or stands in its name.

    A snapshot is told by no event, and an assignment may expire: with either of them, it is read anew each time.
    """
    is_kept = settled is not None and reading.seen is None
    turns_at = FOREVER if is_kept else context.scope.now

    async def read() -> tuple[int, datetime]:
        return await inactive_users(reading, week), turns_at

    return await context.figure(("inactive users", week, reading.roll_up_id(week), settled), read)


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
