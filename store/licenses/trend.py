"""The trend of licences: sums of weeks over the customers in sight, those of a whole partner kept once asked for.

What is kept of a week holds until one of its customers' sums is written anew, which the newest write of the week tells.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from domain.entitlements.license_snapshots import Sums
from domain.types import AnalyticsProduct
from store.customers.visibility import in_sight
from store.database.client import BulkWriteError, Document, IndexModel, UpdateOne
from store.database.clock import utc_now
from store.database.scope import Scope
from store.licenses.weeks import CUSTOMER_INDEX, NEWEST_INDEX, OF_CUSTOMERS, UNSETTLED, newest_sums, sums_of

OF_PARTNER = "license_weeks"
LICENSE_WEEK_INDEXES = (IndexModel([("partner_id", 1), ("product", 1), ("week", 1)], name="week"),)
_WEEKS_AT_ONCE = 4


class TrendPoint(NamedTuple):
    """The sums of one week over the customers in sight."""

    week_start: datetime
    sums: Sums


async def license_trend(scope: Scope, product: AnalyticsProduct, first: datetime, last: datetime) -> list[TrendPoint]:
    """The weeks from `first` to `last` that have snapshots of customers in sight, oldest first."""
    weeks = {"product": str(product), "week": {"$gte": first, "$lte": last}}
    sight = await in_sight(scope)
    sums = await (_summed(scope, {**weeks, **sight}, CUSTOMER_INDEX) if sight else _of_all(scope, weeks))
    return [TrendPoint(week, sums[week]) for week in sorted(sums)]


async def _of_all(scope: Scope, weeks: Mapping[str, Any]) -> dict[datetime, Sums]:
    """The partner's kept sums; those that a customer's have changed since are added up, and kept when settled."""
    now = utc_now()
    newest = await newest_sums(scope, weeks)
    kept = await scope.collection(OF_PARTNER).find({**scope.match(), **weeks})
    fresh = {one["week"]: one for one in kept if one["updated_at"] - UNSETTLED > newest.get(one["week"], now)}
    stale = sorted(newest.keys() - fresh.keys())
    found = {week: sums_of(one) for week, one in fresh.items()}
    for start in range(0, len(stale), _WEEKS_AT_ONCE):
        # What was added up is kept before the rest is begun: who has little patience finds more of it the next time.
        some = {"product": weeks["product"], "week": {"$in": stale[start : start + _WEEKS_AT_ONCE]}}
        summed = await _summed(scope, some, NEWEST_INDEX)
        settled = {week: sums for week, sums in summed.items() if newest[week] < now - UNSETTLED}
        await _keep(scope, weeks["product"], settled, now)
        found |= summed
    return found


async def _summed(scope: Scope, where: Mapping[str, Any], index: str) -> dict[datetime, Sums]:
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **where, "is_removed": False}},
        {"$group": {"_id": "$week", **{name: {"$sum": f"${name}"} for name in Sums._fields}}},
    ]
    # The planner takes few customers and many weeks for the same.
    found = await scope.collection(OF_CUSTOMERS).aggregate(pipeline, hint=index)
    return {one["_id"]: sums_of(one) for one in found}


async def _keep(scope: Scope, product: str, settled: Mapping[datetime, Sums], now: datetime) -> None:
    writes = [
        UpdateOne(
            {**scope.match(), "_id": f"{scope.partner_id}:{product}:{week:%Y-%m-%d}"},
            {
                "$set": {**sums._asdict(), "updated_at": now},
                "$setOnInsert": {"product": product, "week": week, "created_at": now},
                "$inc": {"version": 1},
            },
            upsert=True,
        )
        for week, sums in settled.items()
    ]
    # Whoever else asked in this moment has kept the same: the answer does not rest on it.
    with suppress(BulkWriteError):
        await scope.collection(OF_PARTNER).bulk_write(writes)
