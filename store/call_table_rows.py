"""The three tables of calling engagement: who belongs to each, its orders, and the figures of its rows."""

from asyncio import gather
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.call_figures import (
    CustomerQuality,
    CustomerQueue,
    CustomerUsage,
    Sums,
    customer_quality,
    customer_queue,
)
from domain.call_orders import CallingUsageOrderField, CallQualityOrderField
from domain.customer_keys import dimension_key
from domain.types import OrderDirection, Product
from domain.weeks import WEEK
from store.call_licenses import licensed_users
from store.call_reading import CallReading
from store.call_sums import COLLECTION, USER_LEVELS
from store.call_tables import CallTable
from store.client import Document
from store.customer_orders import DEFAULT_COLUMNS, Column
from store.customer_queries import COLLECTION as CUSTOMERS
from store.scope import Scope

_USAGE, _QUALITY = CallingUsageOrderField, CallQualityOrderField
# What joins the documents of one customer, and leaves out those of customers that are not in sight.
_IN_SIGHT: Document = {"$match": {"name_folded": {"$type": "string"}}}
_NAME: Document = {"_id": "$_id", "name_folded": {"$max": "$name_folded"}}
_CALLING = dimension_key("running", Product.CALLING)


def usage_table(
    reading: CallReading, by: CallingUsageOrderField, direction: OrderDirection
) -> CallTable[CustomerUsage]:
    """Customers with a running line of CALLING or a call in the week."""
    sorted_by = {
        _USAGE.CUSTOMER_NAME: (),
        _USAGE.CALLS: (Column("calls", kind="number"),),
        _USAGE.ACTIVE_USERS: (Column("active_users", kind="number"),),
        _USAGE.WEEKLY_CHANGE_PERCENT: (Column("is_new", kind="rank"), Column("change", kind="number or null")),
    }
    active_users = {"$add": [{"$ifNull": [f"${level}", 0]} for level in USER_LEVELS]}
    joined = [
        _running(reading.scope),
        _sums(reading, reading.week, calls="$calls", active_users=active_users),
    ]
    if by is _USAGE.WEEKLY_CHANGE_PERCENT:
        joined.append(_sums(reading, reading.week - WEEK, calls_before="$calls"))
    numbers = {name: {"$sum": f"${name}"} for name in ("calls", "active_users", "calls_before")}
    stages = [
        *joined,
        {"$group": {**_NAME, "is_running": {"$max": "$is_running"}, **numbers}},
        _IN_SIGHT,
        {"$match": {"$or": [{"is_running": True}, {"calls": {"$gt": 0}}]}},
    ]
    if by is _USAGE.WEEKLY_CHANGE_PERCENT:
        more = {"$subtract": ["$calls", "$calls_before"]}
        stages.append({"$set": {"change": _percent(more, "$calls_before"), "is_new": _one_if_zero("$calls_before")}})

    async def fill(found: Sequence[Document]) -> list[CustomerUsage]:
        ids = [one["_id"] for one in found]
        now, before, licensed = await gather(
            _sums_by_customer(reading, reading.week, ids),
            _sums_by_customer(reading, reading.week - WEEK, ids),
            licensed_users(reading, reading.week, ids),
        )
        return [_usage(id_, now.get(id_, {}), before.get(id_, {}), licensed.get(id_, 0)) for id_ in ids]

    return CallTable(reading, "usage", stages, _columns(sorted_by[by], direction), fill)


def quality_table(
    reading: CallReading, by: CallQualityOrderField, direction: OrderDirection
) -> CallTable[CustomerQuality]:
    """Customers with a POOR call in the week."""
    sorted_by = {
        _QUALITY.CUSTOMER_NAME: (),
        _QUALITY.POOR: (Column("poor", kind="number"),),
        _QUALITY.POOR_PERCENT: (Column("percent", kind="number"),),
    }
    stages = [
        _sums(reading, reading.week, {"poor": {"$gt": 0}}, poor="$poor", measured={"$add": ["$good", "$poor"]}),
        {"$group": {**_NAME, "poor": {"$sum": "$poor"}, "measured": {"$sum": "$measured"}}},
        _IN_SIGHT,
        {"$match": {"poor": {"$gt": 0}}},
        {"$set": {"percent": _percent("$poor", "$measured")}},
    ]

    async def fill(found: Sequence[Document]) -> list[CustomerQuality]:
        sums = await _sums_by_customer(reading, reading.week, [one["_id"] for one in found])
        return [customer_quality(sums[one["_id"]]) for one in found]

    return CallTable(reading, "quality", stages, _columns(sorted_by[by], direction), fill)


def queue_table(reading: CallReading) -> CallTable[CustomerQueue]:
    """Customers with a queue call in the week, most abandoned first."""
    stages = [
        _sums(reading, reading.week, {"offered": {"$gt": 0}}, offered="$offered", abandoned="$abandoned"),
        {"$group": {**_NAME, "offered": {"$sum": "$offered"}, "abandoned": {"$sum": "$abandoned"}}},
        _IN_SIGHT,
        {"$match": {"offered": {"$gt": 0}}},
        {"$set": {"percent": _percent("$abandoned", "$offered")}},
    ]

    async def fill(found: Sequence[Document]) -> list[CustomerQueue]:
        sums = await _sums_by_customer(reading, reading.week, [one["_id"] for one in found])
        return [customer_queue(sums[one["_id"]]) for one in found]

    columns = _columns((Column("percent", kind="number"),), OrderDirection.DESC)
    return CallTable(reading, "queue", stages, columns, fill)


def _columns(first: Sequence[Column], direction: OrderDirection) -> tuple[Column, ...]:
    """The order by these figures; who has none comes last in either direction, and ties go by name, then id."""
    way = 1 if direction is OrderDirection.ASC else -1
    name, id_ = DEFAULT_COLUMNS
    if not first:
        return Column(name.field, way), id_
    return *(one if one.kind == "rank" else Column(one.field, way, one.kind) for one in first), name, id_


def _percent(part: Any, whole: str) -> Document:
    """As domain.ratios.percent."""
    return {"$cond": [{"$gt": [whole, 0]}, {"$divide": [{"$multiply": [part, 100]}, whole]}, None]}


def _one_if_zero(whole: str) -> Document:
    return {"$cond": [{"$gt": [whole, 0]}, 0, 1]}


def _running(scope: Scope) -> Document:
    where = scope.match_customers()
    where["keys"] = {"$all": [_CALLING, where["keys"]]} if "assignments" in where else _CALLING
    running = [{"$match": where}, {"$project": {"is_running": {"$literal": True}}}]
    return {"$unionWith": {"coll": CUSTOMERS, "pipeline": running}}


def _sums(reading: CallReading, week: datetime, where: Document | None = None, **shown: Any) -> Document:
    """The week's sums that fulfil a condition, under the ids of their customers."""
    match = {"$match": {**reading.sums_of(week), **(where or {})}}
    return {"$unionWith": {"coll": COLLECTION, "pipeline": [match, {"$project": {"_id": "$customer_id", **shown}}]}}


async def _sums_by_customer(reading: CallReading, week: datetime, ids: Sequence[str]) -> dict[str, Sums]:
    where = {**reading.any_sums_of(week), "customer_id": {"$in": list(ids)}}
    found = await reading.scope.collection(COLLECTION).find(where)
    return {one["customer_id"]: one for one in found}


def _usage(customer_id: str, sums: Sums, before: Sums, licensed: int) -> CustomerUsage:
    return CustomerUsage(
        customer_id=customer_id,
        active_users=sum(sums.get(level, 0) for level in USER_LEVELS),
        licensed_users=licensed,
        calls=sums.get("calls", 0),
        seconds=sums.get("seconds", 0),
        calls_before=before.get("calls", 0),
    )
