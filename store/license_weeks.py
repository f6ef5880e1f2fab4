"""Weekly sums of licences: by customer, written with the snapshots that they add up, and by partner, kept once asked.

A customer's sums are always what its snapshots say, since one transaction writes both; so a late delivery corrects
every week that it touches, and the trend never reads a day. A removed customer's sums stay, and count nowhere.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.license_snapshots import Sums, WeekKey, week_span, weekly_sums
from domain.types import AnalyticsProduct
from store.client import BulkWriteError, Document, IndexModel, InsertOne, Session, UpdateMany, UpdateOne
from store.clock import utc_now
from store.customers_in_sight import in_sight
from store.scope import Scope

OF_CUSTOMERS, OF_PARTNER = "license_customer_weeks", "license_weeks"
NEWEST_INDEX, CUSTOMER_INDEX = "newest", "customer"
LICENSE_CUSTOMER_WEEK_INDEXES = (
    IndexModel([("partner_id", 1), ("product", 1), ("week", 1), ("updated_at", -1)], name=NEWEST_INDEX),
    IndexModel([("partner_id", 1), ("customer_id", 1), ("product", 1), ("week", 1)], name=CUSTOMER_INDEX),
)
LICENSE_WEEK_INDEXES = (IndexModel([("partner_id", 1), ("product", 1), ("week", 1)], name="week"),)
# A transaction may write sums so long after it read the clock: MongoDB ends each after 60 s, and clocks differ.
UNSETTLED = timedelta(seconds=120)
_WEEKS_AT_ONCE = 4
_SNAPSHOT_FIELDS = dict.fromkeys(("customer_id", "entitlement_id", "product", "day", "total", "assigned", "used"), 1)
_SUM_FIELDS = dict.fromkeys(Sums._fields, 1)


async def sum_weeks(
    scope: Scope,
    session: Session,
    touched: Iterable[WeekKey],
    entitlement_ids: Sequence[str],
    removed_ids: Container[str] = (),
) -> None:
    """Writes the sums of these weeks anew; `entitlement_ids` are all entitlements of their customers.

    `removed_ids` are those of the customers that exist only in the log.
    """
    wanted = set(touched)
    if not wanted:
        return
    begin, end = week_span(key.week for key in wanted)
    where = {
        **scope.match(),
        "entitlement_id": {"$in": list(entitlement_ids)},
        "product": {"$in": sorted({key.product for key in wanted})},
        "day": {"$gte": begin, "$lt": end},
    }
    snapshots = await scope.collection("license_snapshots").find(where, _SNAPSHOT_FIELDS, session=session)
    sums = weekly_sums(snapshots)
    changed = {_id_of(key): (key, sums[key]) for key in wanted}
    rows = scope.collection(OF_CUSTOMERS)
    stored = await rows.find({**scope.match(), "_id": {"$in": sorted(changed)}}, _SUM_FIELDS, session=session)
    is_there = {row["_id"]: Sums(*(row[name] for name in Sums._fields)) for row in stored}
    writes = [
        _writing(scope, key, new, is_known=id_ in is_there, is_removed=key.customer_id in removed_ids)
        for id_, (key, new) in changed.items()
        if is_there.get(id_) != new
    ]
    await rows.bulk_write(writes, session=session)


def _id_of(key: WeekKey) -> str:
    return f"{key.customer_id}:{key.product}:{key.week.date()}"


def _writing(
    scope: Scope, key: WeekKey, sums: Sums, *, is_known: bool, is_removed: bool
) -> "InsertOne[Document] | UpdateOne":
    now, id_ = utc_now(), _id_of(key)
    if is_known:
        change = {"$set": {**sums._asdict(), "updated_at": now}, "$inc": {"version": 1}}
        return UpdateOne({**scope.match(), "_id": id_}, change)
    stamps = {"_id": id_, **scope.match(), "version": 1, "created_at": now, "updated_at": now}
    return InsertOne({**stamps, **key._asdict(), **sums._asdict(), "is_removed": is_removed})


async def turn_weeks(scope: Scope, session: Session, customer_ids: Sequence[str], is_removed: bool) -> None:
    """Takes the weeks of customers out of what is added up, or puts them back in."""
    where = {**scope.match(), "customer_id": {"$in": list(customer_ids)}}
    change = {"$set": {"is_removed": is_removed, "updated_at": utc_now()}, "$inc": {"version": 1}}
    writes = [UpdateMany(where, change)] if customer_ids else []
    await scope.collection(OF_CUSTOMERS).bulk_write(writes, session=session)


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
    found = {week: Sums(*(one[name] for name in Sums._fields)) for week, one in fresh.items()}
    for start in range(0, len(stale), _WEEKS_AT_ONCE):
        # What was added up is kept before the rest is begun: who has little patience finds more of it the next time.
        some = {"product": weeks["product"], "week": {"$in": stale[start : start + _WEEKS_AT_ONCE]}}
        summed = await _summed(scope, some, NEWEST_INDEX)
        settled = {week: sums for week, sums in summed.items() if newest[week] < now - UNSETTLED}
        await _keep(scope, weeks["product"], settled, now)
        found |= summed
    return found


async def newest_sums(scope: Scope, weeks: Mapping[str, Any]) -> dict[datetime, datetime]:
    """When each week's sums were written last: one key of the index a week."""
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **weeks}},
        {"$sort": {"partner_id": 1, "product": 1, "week": 1, "updated_at": -1}},
        {"$group": {"_id": "$week", "newest": {"$first": "$updated_at"}}},
    ]
    found = await scope.collection(OF_CUSTOMERS).aggregate(pipeline)
    return {one["_id"]: one["newest"] for one in found}


async def _summed(scope: Scope, where: Mapping[str, Any], index: str) -> dict[datetime, Sums]:
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **where, "is_removed": False}},
        {"$group": {"_id": "$week", **{name: {"$sum": f"${name}"} for name in Sums._fields}}},
    ]
    # The planner takes few customers and many weeks for the same.
    found = await scope.collection(OF_CUSTOMERS).aggregate(pipeline, hint=index)
    return {one["_id"]: Sums(*(one[name] for name in Sums._fields)) for one in found}


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
