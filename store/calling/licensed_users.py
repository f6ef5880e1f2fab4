"""Licensed users of CALLING, and those of them who had no call.

Who is licensed in a week is counted line by line, over the lines of entitlements that run now: what the line had
assigned in its last snapshot of the week (store/licenses/weeks.py), or has now where it has none of that week.
"""

from asyncio import gather
from collections.abc import Sequence
from datetime import datetime

from domain.calling.figures import UsersPoint
from domain.entitlements.lifecycle import entitlement_from_document, is_running
from domain.time.instants import MIN_INSTANT
from domain.types import Product
from store.calling.dataset import CallDataset
from store.calling.sums import COLLECTION, USER_LEVELS
from store.calling.totals import read_totals
from store.database.client import Document
from store.licenses.lines import COLLECTION as LICENSE_LINES
from store.licenses.weeks import CUSTOMER_WEEKS as LICENSE_WEEKS
from store.licenses.weeks import SETTLING_TIME, extract_assigned, read_last_written

_CALLING: Document = {"product": str(Product.CALLING)}


async def count_licensed_users(dataset: CallDataset, week: datetime, ids: Sequence[str]) -> dict[str, int]:
    """By customer in sight, how many users were licensed in the week."""
    scope = dataset.scope
    whose: Document = {"customer_id": {"$in": list(ids)}}
    snapped, held = await gather(
        scope.collection(LICENSE_WEEKS).find({**scope.match(), **_CALLING, "week": week, **whose}, {"lines": 1}),
        scope.collection("entitlements").find({**scope.match(), **whose}, {"delivered": 0}),
    )
    then = {id_: assigned for one in snapped for id_, assigned in extract_assigned(one).items()}
    licensed = dict.fromkeys(ids, 0)
    for one in held:
        lines = [line for line in one["licenses"] if line["product"] == Product.CALLING]
        if lines and is_running(entitlement_from_document(one), scope.now):
            licensed[one["customer_id"]] += then.get(one["_id"], lines[0]["assigned"])
    return licensed


async def read_users_trend(
    dataset: CallDataset, weeks: Sequence[datetime], inactive: Sequence[int]
) -> list[UsersPoint]:
    """One point a week, in their order, each with its inactive users."""
    sums = await read_totals(dataset, weeks)
    return [
        UsersPoint(week.date(), unused, *(sums[week].get(level, 0) for level in USER_LEVELS))
        for week, unused in zip(weeks, inactive, strict=True)
    ]


async def read_settled_license_weeks(dataset: CallDataset, weeks: Sequence[datetime]) -> dict[datetime, datetime]:
    """When the sums of snapshots of each week were written last; weeks that may be under way right now are left out."""
    newest = await read_last_written(dataset.scope, {**_CALLING, "week": {"$in": list(weeks)}})
    settled = dataset.scope.now - SETTLING_TIME
    return {week: at for week in weeks if (at := newest.get(week, MIN_INSTANT)) < settled}


async def count_inactive_users(dataset: CallDataset, weeks: Sequence[datetime]) -> list[int]:
    """For each week, Σ over customers in sight of their licensed users beyond those who had a call."""
    scope, whose = dataset.scope, dataset.match_visible
    snapped = [
        {"$match": {**scope.match(), **_CALLING, "week": {"$in": list(weeks)}, **whose}},
        {"$project": {"_id": "$customer_id", "snapped": {"week": "$week", "lines": "$lines"}}},
    ]
    users = {"$add": [{"$ifNull": [f"${one}", 0]} for one in USER_LEVELS]}
    active = [
        {"$match": dataset.match_sums(*weeks)},
        {"$project": {"_id": "$customer_id", "active": {"week": "$week", "users": users}}},
    ]
    stages = [
        {"$match": {**scope.match(), **_CALLING, "is_running": True, **whose}},
        {"$project": {"_id": "$customer_id", "running": {"id": "$entitlement_id", "assigned": "$assigned"}}},
        {"$unionWith": {"coll": LICENSE_WEEKS, "pipeline": snapped}},
        {"$unionWith": {"coll": COLLECTION, "pipeline": active}},
        {"$group": {"_id": "$_id", **{name: {"$push": f"${name}"} for name in ("running", "snapped", "active")}}},
        # Who has no line that runs is licensed in no week.
        {"$match": {"running.0": {"$exists": True}}},
        {"$project": {"inactive": {"$map": {"input": list(weeks), "as": "week", "in": _INACTIVE}}}},
        {"$group": {"_id": None, **{f"week{place}": _sum_inactive_at(place) for place in range(len(weeks))}}},
    ]
    found = await scope.collection(LICENSE_LINES).aggregate(stages)
    return [int(found[0][f"week{place}"]) if found else 0 for place in range(len(weeks))]


def _sum_inactive_at(place: int) -> Document:
    return {"$sum": {"$arrayElemAt": ["$inactive", place]}}


def _find_week_entry(name: str) -> Document:
    """The customer's entry of the week `$$week` in an array that has one a week; missing where there is none."""
    return {"$first": {"$filter": {"input": f"${name}", "cond": {"$eq": ["$$this.week", "$$week"]}}}}


# A line that was snapped in the week stands in `$$then.lines` with what it had assigned.
_LINE_SNAPSHOT: Document = {
    "$first": {"$filter": {"input": "$$then.lines", "cond": {"$eq": ["$$this.id", "$$line.id"]}}}
}
_LICENSED_OF_LINE: Document = {
    "$let": {"vars": {"snapped": _LINE_SNAPSHOT}, "in": {"$ifNull": ["$$snapped.assigned", "$$line.assigned"]}}
}
_LICENSED: Document = {"$sum": {"$map": {"input": "$running", "as": "line", "in": _LICENSED_OF_LINE}}}
_INACTIVE: Document = {
    "$let": {
        "vars": {"then": _find_week_entry("snapped"), "active": _find_week_entry("active")},
        "in": {"$max": [0, {"$subtract": [_LICENSED, {"$ifNull": ["$$active.users", 0]}]}]},
    }
}
