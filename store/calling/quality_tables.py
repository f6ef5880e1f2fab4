"""Two tables of a week: customers with a POOR call, and customers with a queue call."""

from collections.abc import Mapping, Sequence
from functools import partial

from domain.calling.figures import CustomerQuality, CustomerQueue, build_customer_quality, build_customer_queue
from domain.calling.table_orders import CallQualityOrderField, CallQueueOrderField
from domain.types import OrderDirection
from store.calling.dataset import CallDataset
from store.calling.table_joins import (
    HAS_POOR,
    HAS_QUEUE,
    MATCH_VISIBLE,
    count_sums,
    group_by_customer,
    order_columns,
    percent_of,
    read_sums_by_customer,
    union_sums,
)
from store.calling.tables import CallTable
from store.database.client import Document
from store.database.keyset import Column

_BY = CallQualityOrderField
_PERCENT = (Column("percent", kind="number"),)
_SORT_COLUMNS: Mapping[CallQualityOrderField, Sequence[Column]] = {
    _BY.CUSTOMER_NAME: (),
    _BY.POOR: (Column("poor", kind="number"),),
    _BY.POOR_PERCENT: _PERCENT,
}
_QUEUE = CallQueueOrderField
_QUEUE_COLUMNS: Mapping[CallQueueOrderField, Sequence[Column]] = {
    _QUEUE.CUSTOMER_NAME: (),
    _QUEUE.OFFERED: (Column("offered", kind="number"),),
    _QUEUE.ABANDONED_PERCENT: _PERCENT,
    # A customer whose queue calls have no time to answer comes last in both directions.
    _QUEUE.SECONDS_TO_ANSWER: (
        Column("is_unanswered", kind="rank"),
        Column("seconds_to_answer", kind="number or null"),
    ),
}
_QUEUE_SUMS = ("offered", "abandoned", "answer_seconds", "answer_count")
_HAS_ANSWER: Document = {"$gt": ["$answer_count", 0]}
_QUEUE_FIGURES: Document = {
    "percent": percent_of("$abandoned", "$offered"),
    "is_unanswered": {"$cond": [_HAS_ANSWER, 0, 1]},
    "seconds_to_answer": {"$cond": [_HAS_ANSWER, {"$divide": ["$answer_seconds", "$answer_count"]}, None]},
}
_MEASURED: Document = {"$add": ["$good", "$poor"]}


def build_quality_table(
    dataset: CallDataset, by: CallQualityOrderField, direction: OrderDirection
) -> CallTable[CustomerQuality]:
    """Return the table of customers with a POOR call, in the given order."""
    stages = [
        union_sums(dataset, dataset.week, HAS_POOR, poor="$poor", measured=_MEASURED),
        group_by_customer("poor", "measured"),
        MATCH_VISIBLE,
        {"$match": HAS_POOR},
        {"$set": {"percent": percent_of("$poor", "$measured")}},
    ]

    async def read_rows(customers: Sequence[Document]) -> list[CustomerQuality]:
        sums = await read_sums_by_customer(dataset, dataset.week, customers)
        return [build_customer_quality(sums[customer["_id"]]) for customer in customers]

    columns = order_columns(_SORT_COLUMNS[by], direction)
    return CallTable(dataset, "quality", stages, columns, read_rows, partial(count_sums, dataset, HAS_POOR))


def build_queue_table(
    dataset: CallDataset, by: CallQueueOrderField, direction: OrderDirection
) -> CallTable[CustomerQueue]:
    """Return the table of customers with a queue call, in the given order."""
    stages = [
        union_sums(dataset, dataset.week, HAS_QUEUE, **{name: f"${name}" for name in _QUEUE_SUMS}),
        group_by_customer(*_QUEUE_SUMS),
        MATCH_VISIBLE,
        {"$match": HAS_QUEUE},
        {"$set": _QUEUE_FIGURES},
    ]

    async def read_rows(customers: Sequence[Document]) -> list[CustomerQueue]:
        sums = await read_sums_by_customer(dataset, dataset.week, customers)
        return [build_customer_queue(sums[customer["_id"]]) for customer in customers]

    columns = order_columns(_QUEUE_COLUMNS[by], direction)
    return CallTable(dataset, "queue", stages, columns, read_rows, partial(count_sums, dataset, HAS_QUEUE))
