"""The table of customers and usage: those with a running line of CALLING or a call in the week."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from domain.calling.figures import CustomerUsage, Sums
from domain.calling.table_orders import CallingUsageOrderField
from domain.time.weeks import WEEK
from domain.types import OrderDirection
from store.calling.licenses import licensed_users
from store.calling.reading import CallReading
from store.calling.sums import COLLECTION, USER_LEVELS
from store.calling.table_joins import (
    HAS_CALL,
    IN_SIGHT,
    joined,
    percent_of,
    sums_by_customer,
    table_columns,
    with_running,
    with_sums,
)
from store.calling.tables import CallTable
from store.database.client import Document
from store.database.keyset import Column

_BY = CallingUsageOrderField
_SORTED_BY: Mapping[CallingUsageOrderField, Sequence[Column]] = {
    _BY.CUSTOMER_NAME: (),
    _BY.CALLS: (Column("calls", kind="number"),),
    _BY.ACTIVE_USERS: (Column("active_users", kind="number"),),
    # Who had no call in the week before has no change, and comes last in either direction.
    _BY.WEEKLY_CHANGE_PERCENT: (Column("is_new", kind="rank"), Column("change", kind="number or null")),
}
_ACTIVE_USERS: Document = {"$add": [{"$ifNull": [f"${level}", 0]} for level in USER_LEVELS]}
_CHANGE: Document = {
    "change": percent_of({"$subtract": ["$calls", "$calls_before"]}, "$calls_before"),
    "is_new": {"$cond": [{"$gt": ["$calls_before", 0]}, 0, 1]},
}


def usage_table(
    reading: CallReading, by: CallingUsageOrderField, direction: OrderDirection
) -> CallTable[CustomerUsage]:
    """The table in an order."""
    is_by_change = by is _BY.WEEKLY_CHANGE_PERCENT
    before = [with_sums(reading, reading.week - WEEK, HAS_CALL, calls_before="$calls")] if is_by_change else []
    stages: list[Mapping[str, Any]] = [
        with_running(reading.scope),
        with_sums(reading, reading.week, HAS_CALL, calls="$calls", active_users=_ACTIVE_USERS),
        *before,
        joined("calls", "active_users", "calls_before", is_running={"$max": "$is_running"}),
        IN_SIGHT,
        {"$match": {"$or": [{"is_running": True}, HAS_CALL]}},
        *([{"$set": _CHANGE}] if is_by_change else []),
    ]
    columns = table_columns(_SORTED_BY[by], direction)
    return CallTable(reading, "usage", stages, columns, partial(_rows, reading), partial(_count, reading))


async def _rows(reading: CallReading, found: Sequence[Document]) -> list[CustomerUsage]:
    ids = [one["_id"] for one in found]
    now, before, licensed = await gather(
        sums_by_customer(reading, reading.week, found),
        sums_by_customer(reading, reading.week - WEEK, found),
        licensed_users(reading, reading.week, ids),
    )
    return [_row(id_, now.get(id_, {}), before.get(id_, {}), licensed.get(id_, 0)) for id_ in ids]


def _row(customer_id: str, sums: Sums, before: Sums, licensed: int) -> CustomerUsage:
    return CustomerUsage(
        customer_id=customer_id,
        active_users=sum(sums.get(level, 0) for level in USER_LEVELS),
        licensed_users=licensed,
        calls=sums.get("calls", 0),
        seconds=sums.get("seconds", 0),
        calls_before=before.get("calls", 0),
    )


async def _count(reading: CallReading) -> int:
    callers = [{"$match": {**reading.sums_of(reading.week), **HAS_CALL}}, {"$project": {"_id": "$customer_id"}}]
    stages = [*callers, with_running(reading.scope), {"$group": {"_id": "$_id"}}, {"$count": "rows"}]
    found = await reading.scope.collection(COLLECTION).aggregate(stages)
    return int(found[0]["rows"]) if found else 0
