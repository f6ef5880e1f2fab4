"""The tables of customers with a POOR call in the week, and of those with a queue call in it."""

from collections.abc import Mapping, Sequence
from functools import partial

from domain.calling.figures import CustomerQuality, CustomerQueue, customer_quality, customer_queue
from domain.calling.table_orders import CallQualityOrderField
from domain.types import OrderDirection
from store.calling.reading import CallReading
from store.calling.table_joins import (
    HAS_POOR,
    HAS_QUEUE,
    IN_SIGHT,
    count_sums,
    joined,
    percent_of,
    sums_by_customer,
    table_columns,
    with_sums,
)
from store.calling.tables import CallTable
from store.database.client import Document
from store.database.keyset import Column

_BY = CallQualityOrderField
_PERCENT = (Column("percent", kind="number"),)
_SORTED_BY: Mapping[CallQualityOrderField, Sequence[Column]] = {
    _BY.CUSTOMER_NAME: (),
    _BY.POOR: (Column("poor", kind="number"),),
    _BY.POOR_PERCENT: _PERCENT,
}
_MEASURED: Document = {"$add": ["$good", "$poor"]}


def quality_table(
    reading: CallReading, by: CallQualityOrderField, direction: OrderDirection
) -> CallTable[CustomerQuality]:
    """Customers with a POOR call, in an order."""
    stages = [
        with_sums(reading, reading.week, HAS_POOR, poor="$poor", measured=_MEASURED),
        joined("poor", "measured"),
        IN_SIGHT,
        {"$match": HAS_POOR},
        {"$set": {"percent": percent_of("$poor", "$measured")}},
    ]

    async def rows(found: Sequence[Document]) -> list[CustomerQuality]:
        sums = await sums_by_customer(reading, reading.week, found)
        return [customer_quality(sums[one["_id"]]) for one in found]

    columns = table_columns(_SORTED_BY[by], direction)
    return CallTable(reading, "quality", stages, columns, rows, partial(count_sums, reading, HAS_POOR))


def queue_table(reading: CallReading) -> CallTable[CustomerQueue]:
    """Customers with a queue call, most abandoned first."""
    stages = [
        with_sums(reading, reading.week, HAS_QUEUE, offered="$offered", abandoned="$abandoned"),
        joined("offered", "abandoned"),
        IN_SIGHT,
        {"$match": HAS_QUEUE},
        {"$set": {"percent": percent_of("$abandoned", "$offered")}},
    ]

    async def rows(found: Sequence[Document]) -> list[CustomerQueue]:
        sums = await sums_by_customer(reading, reading.week, found)
        return [customer_queue(sums[one["_id"]]) for one in found]

    columns = table_columns(_PERCENT, OrderDirection.DESC)
    return CallTable(reading, "queue", stages, columns, rows, partial(count_sums, reading, HAS_QUEUE))
