"""Weekly sums of licences by customer, written with the snapshots that they add up.

A customer's sums are always what its snapshots say, since one transaction writes both; so a late delivery corrects
every week that it touches, and the trend never reads a day. Beside the sums of CALLING stands what each line had
assigned (`lines`): who is licensed in a week depends on which of them run today. A removed customer's sums stay, and
count nowhere.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.entitlements.license_lines import ANALYTICS_PRODUCTS
from domain.entitlements.license_snapshots import LicenseSums, LicenseWeek, WeekKey, sum_by_week, week_span
from store.database.client import Document, IndexModel, InsertOne, Session, UpdateMany, UpdateOne
from store.database.clock import utc_now
from store.database.scope import Scope

CUSTOMER_WEEKS = "license_customer_weeks"
NEWEST_INDEX, CUSTOMER_INDEX = "newest", "customer"
LICENSE_CUSTOMER_WEEK_INDEXES = (
    IndexModel([("partner_id", 1), ("product", 1), ("week", 1), ("updated_at", -1)], name=NEWEST_INDEX),
    IndexModel([("partner_id", 1), ("customer_id", 1), ("product", 1), ("week", 1)], name=CUSTOMER_INDEX),
)
# A transaction may write sums so long after it read the clock: MongoDB ends each after 60 s, and clocks differ.
SETTLING_TIME = timedelta(seconds=120)
_SNAPSHOT_FIELDS = dict.fromkeys(("customer_id", "entitlement_id", "product", "day", "total", "assigned", "used"), 1)
_WEEK_FIELDS = dict.fromkeys(("is_removed", "lines", *LicenseSums._fields), 1)
WeekWrite = InsertOne[Document] | UpdateOne


class _StoredWeeks(NamedTuple):
    """Stored weeks by id, and whether each counts."""

    weeks: Mapping[str, LicenseWeek]
    is_removed: Mapping[str, bool]


async def recompute_weeks(
    scope: Scope, session: Session, touched: Iterable[WeekKey], entitlement_ids: Sequence[str]
) -> None:
    """Writes the sums of these weeks anew; `entitlement_ids` are all entitlements of their customers."""
    wanted = set(touched)
    if not wanted:
        return
    begin, end = week_span(key.week for key in wanted)
    products, days = {key.product for key in wanted}, {"$gte": begin, "$lt": end}
    said = await _sum_snapshots(scope, session, {"entitlement_id": entitlement_ids, "product": sorted(products)}, days)
    await write_weeks(scope, session, {key: said[key] for key in wanted})


async def write_weeks(
    scope: Scope, session: Session, said: Mapping[WeekKey, LicenseWeek], removed_ids: Container[str] = ()
) -> None:
    """Writes what all snapshots of these weeks say; `removed_ids` are customers that exist only in the log."""
    if said:
        stored = await _read_stored_weeks(scope, session, {"_id": {"$in": [_week_id(key) for key in said]}})
        writes = dict(_build_writes(scope, said, stored, removed_ids))
        await scope.collection(CUSTOMER_WEEKS).bulk_write(list(writes.values()), session=session)


async def repair_weeks(scope: Scope, session: Session, customer_ids: Sequence[str]) -> None:
    """Makes all sums of these customers what their snapshots say."""
    repairs = await find_week_repairs(scope, session, customer_ids)
    await scope.collection(CUSTOMER_WEEKS).bulk_write(list(repairs.values()), session=session)


async def find_week_repairs(scope: Scope, session: Session, customer_ids: Sequence[str]) -> dict[str, WeekWrite]:
    """What makes all sums of these customers what their snapshots say, by the sums' id; nothing where they are.

    The id is `<customer>:<product>:<Monday>`, unless something else wrote it.
    """
    of_customers = {**scope.match(), "customer_id": {"$in": list(customer_ids)}}
    held = await scope.collection("entitlements").find(of_customers, {"_id": 1}, session=session)
    ids = {"entitlement_id": [one["_id"] for one in held], "product": sorted(ANALYTICS_PRODUCTS)}
    said = await _sum_all_snapshots(scope, session, ids)
    gone = {**scope.match(), "_id": {"$in": list(customer_ids)}, "keys": []}
    removed = {one["_id"] for one in await scope.collection("customers").find(gone, {"_id": 1}, session=session)}
    stored = await _read_stored_weeks(scope, session, {"customer_id": {"$in": list(customer_ids)}})
    repairs = dict(_build_writes(scope, said, stored, removed))
    known = {_week_id(key) for key in said}
    astray = sorted(id_ for id_, is_removed in stored.is_removed.items() if id_ not in known and not is_removed)
    # Taken out and not deleted: what is kept of the week must hear of it.
    taken_out = {"$set": {"is_removed": True, "updated_at": utc_now()}, "$inc": {"version": 1}}
    return repairs | {id_: UpdateOne({**scope.match(), "_id": id_}, taken_out) for id_ in astray}


async def _sum_snapshots(
    scope: Scope, session: Session, lines: Mapping[str, Sequence[str]], days: Document
) -> dict[WeekKey, LicenseWeek]:
    """What the snapshots of these lines and days say."""
    where = {**scope.match(), **{name: {"$in": list(values)} for name, values in lines.items()}, "day": days}
    return sum_by_week(await scope.collection("license_snapshots").find(where, _SNAPSHOT_FIELDS, session=session))


async def _sum_all_snapshots(
    scope: Scope, session: Session, lines: Mapping[str, Sequence[str]]
) -> dict[WeekKey, LicenseWeek]:
    """What all snapshots of these lines say; a year of days is more than the process need see."""
    of_week = {"$dateTrunc": {"date": "$day", "unit": "week", "startOfWeek": "monday"}}
    key = {"entitlement_id": "$entitlement_id", "product": "$product", "week": of_week}
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **{name: {"$in": list(values)} for name, values in lines.items()}}},
        {"$sort": {"entitlement_id": 1, "product": 1, "day": 1}},
        {"$group": {"_id": key, **{name: {"$last": f"${name}"} for name in _SNAPSHOT_FIELDS}}},
    ]
    return sum_by_week(await scope.collection("license_snapshots").aggregate(pipeline, session=session))


async def _read_stored_weeks(scope: Scope, session: Session, where: Document) -> _StoredWeeks:
    found = await scope.collection(CUSTOMER_WEEKS).find({**scope.match(), **where}, _WEEK_FIELDS, session=session)
    weeks = {row["_id"]: LicenseWeek(extract_sums(row), extract_assigned(row)) for row in found}
    return _StoredWeeks(weeks, {row["_id"]: row["is_removed"] for row in found})


def extract_sums(document: Mapping[str, Any]) -> LicenseSums:
    """The sums in a document that holds them."""
    return LicenseSums(*(document[name] for name in LicenseSums._fields))


def extract_assigned(document: Mapping[str, Any]) -> dict[str, int]:
    """What each line of CALLING had assigned, by entitlement, in a customer's document of a week."""
    return {line["id"]: line["assigned"] for line in document.get("lines", ())}


def _build_writes(
    scope: Scope, said: Mapping[WeekKey, LicenseWeek], stored: _StoredWeeks, removed_ids: Container[str]
) -> Iterator[tuple[str, WeekWrite]]:
    """What differs, by the id of the sums."""
    now = utc_now()
    for key, week in said.items():
        lines = [{"id": id_, "assigned": assigned} for id_, assigned in sorted(week.assigned.items())]
        id_, is_removed = _week_id(key), key.customer_id in removed_ids
        fields = {**week.sums._asdict(), "lines": lines, "is_removed": is_removed}
        if id_ not in stored.weeks:
            stamps = {"_id": id_, **scope.match(), "version": 1, "created_at": now, "updated_at": now}
            yield id_, InsertOne({**stamps, **key._asdict(), **fields})
        elif (stored.weeks[id_], stored.is_removed[id_]) != (week, is_removed):
            change = {"$set": {**fields, "updated_at": now}, "$inc": {"version": 1}}
            yield id_, UpdateOne({**scope.match(), "_id": id_}, change)


def _week_id(key: WeekKey) -> str:
    return f"{key.customer_id}:{key.product}:{key.week.date()}"


async def set_weeks_removed(scope: Scope, session: Session, customer_ids: Sequence[str], is_removed: bool) -> None:
    """Takes the weeks of customers out of what is added up, or puts them back in."""
    where = {**scope.match(), "customer_id": {"$in": list(customer_ids)}}
    change = {"$set": {"is_removed": is_removed, "updated_at": utc_now()}, "$inc": {"version": 1}}
    writes = [UpdateMany(where, change)] if customer_ids else []
    await scope.collection(CUSTOMER_WEEKS).bulk_write(writes, session=session)


async def read_last_written(scope: Scope, weeks: Mapping[str, Any]) -> dict[datetime, datetime]:
    """When each week's sums were written last: one key of the index a week."""
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **weeks}},
        {"$sort": {"partner_id": 1, "product": 1, "week": 1, "updated_at": -1}},
        {"$group": {"_id": "$week", "newest": {"$first": "$updated_at"}}},
    ]
    found = await scope.collection(CUSTOMER_WEEKS).aggregate(pipeline)
    return {one["_id"]: one["newest"] for one in found}
