"""The trend of licences: sums of weeks over the customers in sight, those of a whole partner kept once asked for.

What is kept of a week holds until one of its customers' sums is written anew, which the newest write of the week tells.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from domain.entitlements.license_snapshots import LicenseSums
from domain.types import AnalyticsProduct
from store.customers.visibility import visible_customers
from store.database.client import BulkWriteError, Document, IndexModel, UpdateOne
from store.database.clock import utc_now
from store.database.scope import Scope
from store.licenses.weeks import (
    CUSTOMER_INDEX,
    CUSTOMER_WEEKS,
    NEWEST_INDEX,
    SETTLING_TIME,
    extract_sums,
    read_last_written,
)

PARTNER_WEEKS = "license_weeks"
LICENSE_WEEK_INDEXES = (IndexModel([("partner_id", 1), ("product", 1), ("week", 1)], name="week"),)
_WEEKS_PER_QUERY = 4


class TrendPoint(NamedTuple):
    """The sums of one week over the customers in sight."""

    week_start: datetime
    sums: LicenseSums


async def read_license_trend(
    scope: Scope, product: AnalyticsProduct, first: datetime, last: datetime
) -> list[TrendPoint]:
    """The weeks from `first` to `last` that have snapshots of customers in sight, oldest first."""
    weeks = {"product": str(product), "week": {"$gte": first, "$lte": last}}
    sight = await visible_customers(scope)
    sums = await (_sum_weeks(scope, {**weeks, **sight}, CUSTOMER_INDEX) if sight else _read_partner_sums(scope, weeks))
    return [TrendPoint(week, sums[week]) for week in sorted(sums)]


async def _read_partner_sums(scope: Scope, weeks: Mapping[str, Any]) -> dict[datetime, LicenseSums]:
    """The partner's kept sums; those that a customer's have changed since are added up, and kept when settled."""
    now = utc_now()
    newest = await read_last_written(scope, weeks)
    kept = await scope.collection(PARTNER_WEEKS).find({**scope.match(), **weeks})
    fresh = {one["week"]: one for one in kept if one["updated_at"] - SETTLING_TIME > newest.get(one["week"], now)}
    stale = sorted(newest.keys() - fresh.keys())
    found = {week: extract_sums(one) for week, one in fresh.items()}
    for start in range(0, len(stale), _WEEKS_PER_QUERY):
        # What was added up is kept before the rest is begun: who has little patience finds more of it the next time.
        some = {"product": weeks["product"], "week": {"$in": stale[start : start + _WEEKS_PER_QUERY]}}
        summed = await _sum_weeks(scope, some, NEWEST_INDEX)
        settled = {week: sums for week, sums in summed.items() if newest[week] < now - SETTLING_TIME}
        await _store_partner_sums(scope, weeks["product"], settled, now)
        found |= summed
    return found


async def _sum_weeks(scope: Scope, where: Mapping[str, Any], index: str) -> dict[datetime, LicenseSums]:
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **where, "is_removed": False}},
        {"$group": {"_id": "$week", **{name: {"$sum": f"${name}"} for name in LicenseSums._fields}}},
    ]
    # The planner takes few customers and many weeks for the same.
    found = await scope.collection(CUSTOMER_WEEKS).aggregate(pipeline, hint=index)
    return {one["_id"]: extract_sums(one) for one in found}


async def _store_partner_sums(
    scope: Scope, product: str, settled: Mapping[datetime, LicenseSums], now: datetime
) -> None:
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
        await scope.collection(PARTNER_WEEKS).bulk_write(writes)
