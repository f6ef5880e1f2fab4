"""The licensed users of CALLING, and the inactive ones: those without a call in the week.

The licensed users of a week are summed over the single CALLING lines of entitlements that run *now*. A line counts what
it had assigned in its last snapshot of the week (store/licenses/weeks.py), or has assigned now where it has no snapshot
of that week (docs/decisions/0013).
"""

from asyncio import gather
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from domain.calling.figures import USER_LEVELS, UsersPoint
from domain.entitlements.license_keys import single_line_id, snapshot_key
from domain.entitlements.lifecycle import entitlement_from_document, is_running
from domain.time.instants import MIN_INSTANT
from domain.types import Product
from store.calling.customer_parts import add_parts
from store.calling.dataset import CallDataset
from store.calling.sums import COLLECTION
from store.calling.totals import read_totals
from store.database.client import Document
from store.database.scope import Scope
from store.licenses.lines import COLLECTION as LICENSE_LINES
from store.licenses.weeks import CUSTOMER_WEEKS as LICENSE_WEEKS
from store.licenses.weeks import SETTLING_TIME, extract_assigned, read_last_written

_CALLING: Document = {"product": str(Product.CALLING)}


async def count_licensed_users(
    scope: Scope, weeks: Sequence[datetime], ids: Sequence[str]
) -> dict[tuple[str, datetime], int]:
    """Return the number of licensed users of each customer of `ids` in each week, in two queries."""
    of_customers: Document = {"customer_id": {"$in": list(ids)}}
    week_documents, entitlements = await gather(
        scope.collection(LICENSE_WEEKS).find(
            {**scope.match(), **_CALLING, "week": {"$in": list(weeks)}, **of_customers}, {"week": 1, "lines": 1}
        ),
        scope.collection("entitlements").find({**scope.match(), **of_customers}, {"delivered": 0}),
    )
    snapshots = {
        (id_, document["week"]): assigned
        for document in week_documents
        for id_, assigned in extract_assigned(document).items()
    }
    licensed = {(id_, week): 0 for id_ in ids for week in weeks}
    for entitlement in entitlements:
        calling = _list_calling_lines(entitlement)
        if calling and is_running(entitlement_from_document(entitlement), scope.now):
            for week in weeks:
                assigned = sum(snapshots.get((id_, week), current) for id_, current in calling)
                licensed[entitlement["customer_id"], week] += assigned
    return licensed


def _list_calling_lines(entitlement: Document) -> list[tuple[str, int]]:
    """Return the id of each single CALLING line, and what it has assigned now."""
    return [
        (single_line_id(entitlement["_id"], snapshot_key(line)), line["assigned"])
        for line in entitlement["licenses"]
        if line["product"] == Product.CALLING
    ]


async def read_users_trend(
    dataset: CallDataset, weeks: Sequence[datetime], inactive: Sequence[int]
) -> list[UsersPoint]:
    """Return one point per week in the given order; `inactive` has the inactive users of each week."""
    sums = await read_totals(dataset, weeks)
    return [
        UsersPoint(week.date(), inactive_users, *(sums[week].get(level, 0) for level in USER_LEVELS))
        for week, inactive_users in zip(weeks, inactive, strict=True)
    ]


async def read_settled_license_weeks(dataset: CallDataset, weeks: Sequence[datetime]) -> dict[datetime, datetime]:
    """Return when the licence sums of each week were written last; weeks written within SETTLING_TIME are left out."""
    newest = await read_last_written(dataset.scope, {**_CALLING, "week": {"$in": list(weeks)}})
    settled_until = dataset.scope.now - SETTLING_TIME
    return {week: at for week in weeks if (at := newest.get(week, MIN_INSTANT)) < settled_until}


async def count_inactive_users(dataset: CallDataset, weeks: Sequence[datetime]) -> list[int]:
    """Return, for each week, the sum over visible customers of max(0, licensed users - users with a call).

    An aggregation joins three collections by customer: running lines, licence weeks and sums of calls.
    """
    sums = (await add_parts(dataset.parts, partial(_read_inactive_users, dataset, weeks))).get(None, {})
    return [int(sums.get(f"week{index}", 0)) for index in range(len(weeks))]


async def _read_inactive_users(
    dataset: CallDataset, weeks: Sequence[datetime], customers: Document
) -> Sequence[Document]:
    """Return one document with the sum over these customers in each week; none where nothing runs."""
    scope = dataset.scope
    snapshots = [
        {"$match": {**scope.match(), **_CALLING, "week": {"$in": list(weeks)}, **customers}},
        {"$project": {"_id": "$customer_id", "snapshots": {"week": "$week", "lines": "$lines"}}},
    ]
    users = {"$add": [{"$ifNull": [f"${level}", 0]} for level in USER_LEVELS]}
    active = [
        {"$match": {**dataset.match_all_sums(*weeks), **customers}},
        {"$project": {"_id": "$customer_id", "active": {"week": "$week", "users": users}}},
    ]
    stages: list[Document] = [
        {"$match": {**scope.match(), **_CALLING, "is_running": True, **customers}},
        {"$unwind": "$single_lines"},
        {"$project": {"_id": "$customer_id", "running": "$single_lines"}},
        {"$unionWith": {"coll": LICENSE_WEEKS, "pipeline": snapshots}},
        {"$unionWith": {"coll": COLLECTION, "pipeline": active}},
        {"$group": {"_id": "$_id", **{name: {"$push": f"${name}"} for name in ("running", "snapshots", "active")}}},
        # A customer without a running line has no licensed users in any week.
        {"$match": {"running.0": {"$exists": True}}},
        {"$project": {"inactive": {"$map": {"input": list(weeks), "as": "week", "in": _INACTIVE}}}},
        {"$group": {"_id": None, **{f"week{index}": _sum_inactive_at(index) for index in range(len(weeks))}}},
    ]
    return await scope.collection(LICENSE_LINES).aggregate(stages)


def _sum_inactive_at(index: int) -> Document:
    return {"$sum": {"$arrayElemAt": ["$inactive", index]}}


def _find_week_entry(name: str) -> Document:
    """Return the expression of the entry of `$$week` in an array with one entry per week; missing without one."""
    return {"$first": {"$filter": {"input": f"${name}", "cond": {"$eq": ["$$this.week", "$$week"]}}}}


# The line's last snapshot of the week, which is in `$$snapshot_week.lines` where there is one.
_LINE_SNAPSHOT: Document = {
    "$first": {"$filter": {"input": "$$snapshot_week.lines", "cond": {"$eq": ["$$this.id", "$$line.id"]}}}
}
_LICENSED_OF_LINE: Document = {
    "$let": {"vars": {"snapshot": _LINE_SNAPSHOT}, "in": {"$ifNull": ["$$snapshot.assigned", "$$line.assigned"]}}
}
_LICENSED: Document = {"$sum": {"$map": {"input": "$running", "as": "line", "in": _LICENSED_OF_LINE}}}
_INACTIVE: Document = {
    "$let": {
        "vars": {"snapshot_week": _find_week_entry("snapshots"), "active": _find_week_entry("active")},
        "in": {"$max": [0, {"$subtract": [_LICENSED, {"$ifNull": ["$$active.users", 0]}]}]},
    }
}
