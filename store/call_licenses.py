"""Licensed users of CALLING: what was assigned in the week's last snapshots, else now; and those who had no call.

A customer with snapshots of the week has what they add up to (store/license_weeks.py); one without any has what its
running lines have assigned now.
"""

from asyncio import gather
from collections.abc import Sequence
from datetime import datetime

from domain.call_figures import UsersPoint
from domain.instants import NEVER
from domain.types import Product
from store.call_reading import CallReading
from store.call_sums import COLLECTION, USER_LEVELS
from store.call_totals import totals
from store.client import Document
from store.customer_queries import COLLECTION as CUSTOMERS
from store.license_lines import COLLECTION as LICENSE_LINES
from store.license_weeks import OF_CUSTOMERS as LICENSE_WEEKS
from store.license_weeks import UNSETTLED, newest_sums

_CALLING: Document = {"product": str(Product.CALLING)}
_ASSIGNED_NOW = f"holdings.{Product.CALLING}.assigned"
_LICENSED: Document = {"$ifNull": ["$then", "$now"]}


async def licensed_users(reading: CallReading, week: datetime, ids: Sequence[str]) -> dict[str, int]:
    """By customer in sight, how many users were licensed in the week."""
    scope = reading.scope
    whose: Document = {"$in": list(ids)}
    snapshots, customers = await gather(
        scope.collection(LICENSE_WEEKS).find({**scope.match(), **_CALLING, "week": week, "customer_id": whose}),
        scope.collection(CUSTOMERS).find({**scope.match_customers(), "_id": whose}, {_ASSIGNED_NOW: 1}),
    )
    now = {one["_id"]: one["holdings"].get(Product.CALLING, {}).get("assigned", 0) for one in customers}
    return now | {one["customer_id"]: one["assigned"] for one in snapshots}


async def users_trend(reading: CallReading, weeks: Sequence[datetime], inactive: Sequence[int]) -> list[UsersPoint]:
    """One point a week, in their order, each with its inactive users."""
    sums = await totals(reading, weeks)
    return [
        UsersPoint(week.date(), unused, *(sums[week].get(level, 0) for level in USER_LEVELS))
        for week, unused in zip(weeks, inactive, strict=True)
    ]


async def licenses_settled(reading: CallReading, weeks: Sequence[datetime]) -> dict[datetime, datetime]:
    """When the sums of snapshots of each week were written last; weeks that may be under way right now are left out."""
    newest = await newest_sums(reading.scope, {**_CALLING, "week": {"$in": list(weeks)}})
    settled = reading.scope.now - UNSETTLED
    return {week: at for week in weeks if (at := newest.get(week, NEVER)) < settled}


async def inactive_users(reading: CallReading, week: datetime) -> int:
    """Σ over customers in sight of their licensed users beyond those who had a call."""
    scope, whose = reading.scope, reading.in_sight
    snapshots = [
        {"$match": {**scope.match(), **_CALLING, "week": week, **whose}},
        {"$project": {"_id": "$customer_id", "then": "$assigned"}},
    ]
    active = [
        {"$match": reading.sums_of(week)},
        {"$project": {"_id": "$customer_id", "active": {"$add": [{"$ifNull": [f"${one}", 0]} for one in USER_LEVELS]}}},
    ]
    stages = [
        {"$match": {**scope.match(), **_CALLING, "is_running": True, **whose}},
        {"$project": {"_id": "$customer_id", "now": "$assigned"}},
        {"$unionWith": {"coll": LICENSE_WEEKS, "pipeline": snapshots}},
        {"$unionWith": {"coll": COLLECTION, "pipeline": active}},
        {"$group": {"_id": "$_id", "now": {"$sum": "$now"}, "then": {"$max": "$then"}, "active": {"$sum": "$active"}}},
        {"$group": {"_id": None, "inactive": {"$sum": {"$max": [0, {"$subtract": [_LICENSED, "$active"]}]}}}},
    ]
    found = await scope.collection(LICENSE_LINES).aggregate(stages)
    return int(found[0]["inactive"]) if found else 0
