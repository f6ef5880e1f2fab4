"""The usage table of a week: customers with a running CALLING line or a call in the week."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from domain.calling.figures import USER_LEVELS, CallSums, CustomerUsage, count_active_users
from domain.calling.table_orders import CallingUsageOrderField
from domain.time.weeks import WEEK
from domain.types import OrderDirection
from store.calling.customer_parts import add_parts
from store.calling.dataset import CallDataset
from store.calling.licensed_users import count_licensed_users
from store.calling.sums import COLLECTION
from store.calling.table_joins import (
    HAS_CALL,
    MATCH_VISIBLE,
    group_by_customer,
    order_columns,
    percent_of,
    read_sums_by_customer,
    union_running_customers,
    union_sums,
)
from store.calling.tables import CallTable
from store.database.client import Document
from store.database.keyset import Column

_BY = CallingUsageOrderField
_SORT_COLUMNS: Mapping[CallingUsageOrderField, Sequence[Column]] = {
    _BY.CUSTOMER_NAME: (),
    _BY.CALLS: (Column("calls", kind="number"),),
    _BY.ACTIVE_USERS: (Column("active_users", kind="number"),),
    # A customer without a call in the week before has no change, and comes last in both directions.
    _BY.WEEKLY_CHANGE_PERCENT: (Column("is_new", kind="rank"), Column("change", kind="number or null")),
}
_ACTIVE_USERS: Document = {"$add": [{"$ifNull": [f"${level}", 0]} for level in USER_LEVELS]}
_CHANGE: Document = {
    "change": percent_of({"$subtract": ["$calls", "$previous_calls"]}, "$previous_calls"),
    "is_new": {"$cond": [{"$gt": ["$previous_calls", 0]}, 0, 1]},
}


def build_usage_table(
    dataset: CallDataset, by: CallingUsageOrderField, direction: OrderDirection
) -> CallTable[CustomerUsage]:
    """Return the table in the given order."""
    is_by_change = by is _BY.WEEKLY_CHANGE_PERCENT
    before = [union_sums(dataset, dataset.week - WEEK, HAS_CALL, previous_calls="$calls")] if is_by_change else []
    stages: list[Mapping[str, Any]] = [
        union_running_customers(dataset.scope),
        union_sums(dataset, dataset.week, HAS_CALL, calls="$calls", active_users=_ACTIVE_USERS),
        *before,
        group_by_customer("calls", "active_users", "previous_calls", is_running={"$max": "$is_running"}),
        MATCH_VISIBLE,
        {"$match": {"$or": [{"is_running": True}, HAS_CALL]}},
        *([{"$set": _CHANGE}] if is_by_change else []),
    ]
    columns = order_columns(_SORT_COLUMNS[by], direction)
    return CallTable(dataset, "usage", stages, columns, partial(_read_rows, dataset), partial(_count_rows, dataset))


async def _read_rows(dataset: CallDataset, customers: Sequence[Document]) -> list[CustomerUsage]:
    ids = [customer["_id"] for customer in customers]
    sums, previous, licensed = await gather(
        read_sums_by_customer(dataset, dataset.week, customers),
        read_sums_by_customer(dataset, dataset.week - WEEK, customers),
        count_licensed_users(dataset.scope, [dataset.week], ids),
    )
    return [_build_row(id_, sums.get(id_, {}), previous.get(id_, {}), licensed[id_, dataset.week]) for id_ in ids]


def _build_row(customer_id: str, sums: CallSums, previous: CallSums, licensed: int) -> CustomerUsage:
    return CustomerUsage(
        customer_id=customer_id,
        active_users=count_active_users(sums),
        licensed_users=licensed,
        calls=sums.get("calls", 0),
        seconds=sums.get("seconds", 0),
        previous_calls=previous.get("calls", 0),
    )


async def _count_rows(dataset: CallDataset) -> int:
    parts = dataset.parts

    async def read(customers: Document) -> Sequence[Document]:
        # One part of several has its own running customers; removed ones are not among them.
        among = {"_id": customers["customer_id"]} if customers and len(parts) > 1 else None
        stages = [
            {"$match": {**dataset.match_all_sums(dataset.week), **HAS_CALL, **customers}},
            {"$project": {"_id": "$customer_id"}},
            union_running_customers(dataset.scope, among),
            {"$group": {"_id": "$_id"}},
            {"$group": {"_id": None, "rows": {"$sum": 1}}},
        ]
        return await dataset.scope.collection(COLLECTION).aggregate(stages)

    sums = await add_parts(parts, read)
    return int(sums[None]["rows"]) if sums else 0
