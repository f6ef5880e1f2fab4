"""Weekly sums of licences by customer: one document per customer, product and week.

One transaction writes a snapshot and the sums of its week, so that the sums always equal the sum over the week's
snapshots, also after a late delivery, and the trend reads no snapshots. CALLING documents also store what each
single line had assigned (`lines`): the licensed users of a week depend on which of these lines run now. The sums of a
removed customer stay with `is_removed`, so that they count again if it is restored.
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
# Sums are settled this long after `updated_at`: a transaction lasts up to 60 s, and clocks of processes differ.
SETTLING_TIME = timedelta(seconds=120)
_SNAPSHOT_FIELDS = dict.fromkeys(
    ("customer_id", "entitlement_id", "product", "name", "day", "total", "assigned", "used"), 1
)
_WEEK_FIELDS = dict.fromkeys(("is_removed", "lines", *LicenseSums._fields), 1)
WeekWrite = InsertOne[Document] | UpdateOne


class _StoredWeeks(NamedTuple):
    """Stored weeks by id, and whether each belongs to a removed customer."""

    weeks: Mapping[str, LicenseWeek]
    is_removed: Mapping[str, bool]


async def recompute_weeks(
    scope: Scope, session: Session, keys: Iterable[WeekKey], entitlement_ids: Sequence[str]
) -> None:
    """Recompute these weeks from the snapshots; `entitlement_ids` are all entitlements of their customers."""
    distinct_keys = set(keys)
    if not distinct_keys:
        return
    begin, end = week_span(key.week for key in distinct_keys)
    products, days = {key.product for key in distinct_keys}, {"$gte": begin, "$lt": end}
    lines = {"entitlement_id": entitlement_ids, "product": sorted(products)}
    computed = await _sum_snapshots(scope, session, lines, days)
    await write_weeks(scope, session, {key: computed[key] for key in distinct_keys})


async def write_weeks(
    scope: Scope, session: Session, computed: Mapping[WeekKey, LicenseWeek], removed_ids: Container[str] = ()
) -> None:
    """Store the computed weeks where they differ from what is stored; `removed_ids` are removed customers."""
    if computed:
        stored = await _read_stored_weeks(scope, session, {"_id": {"$in": [_week_id(key) for key in computed]}})
        writes = dict(_build_writes(scope, computed, stored, removed_ids))
        await scope.collection(CUSTOMER_WEEKS).bulk_write(list(writes.values()), session=session)


async def repair_weeks(scope: Scope, session: Session, customer_ids: Sequence[str]) -> None:
    """Correct all weekly sums of these customers from their snapshots."""
    repairs = await find_week_repairs(scope, session, customer_ids)
    await scope.collection(CUSTOMER_WEEKS).bulk_write(list(repairs.values()), session=session)


async def find_week_repairs(scope: Scope, session: Session, customer_ids: Sequence[str]) -> dict[str, WeekWrite]:
    """Return the writes that correct the weekly sums of these customers, by document id; empty where all are right.

    The id of a document is `<customer>:<product>:<Monday>`. One with another id is marked as removed.
    """
    of_customers = {**scope.match(), "customer_id": {"$in": list(customer_ids)}}
    entitlements = await scope.collection("entitlements").find(of_customers, {"_id": 1}, session=session)
    lines = {"entitlement_id": [one["_id"] for one in entitlements], "product": sorted(ANALYTICS_PRODUCTS)}
    computed = await _sum_all_snapshots(scope, session, lines)
    where_removed = {**scope.match(), "_id": {"$in": list(customer_ids)}, "keys": []}
    customers = await scope.collection("customers").find(where_removed, {"_id": 1}, session=session)
    removed_ids = {customer["_id"] for customer in customers}
    stored = await _read_stored_weeks(scope, session, {"customer_id": {"$in": list(customer_ids)}})
    repairs = dict(_build_writes(scope, computed, stored, removed_ids))
    expected_ids = {_week_id(key) for key in computed}
    superfluous = sorted(id_ for id_, removed in stored.is_removed.items() if id_ not in expected_ids and not removed)
    # Mark and do not delete them: the newer `updated_at` invalidates the partner's stored sums of the week.
    mark_removed = {"$set": {"is_removed": True, "updated_at": utc_now()}, "$inc": {"version": 1}}
    return repairs | {id_: UpdateOne({**scope.match(), "_id": id_}, mark_removed) for id_ in superfluous}


async def _sum_snapshots(
    scope: Scope, session: Session, lines: Mapping[str, Sequence[str]], days: Document
) -> dict[WeekKey, LicenseWeek]:
    """Return the weeks of the snapshots of these lines and days."""
    where = {**scope.match(), **{name: {"$in": list(values)} for name, values in lines.items()}, "day": days}
    return sum_by_week(await scope.collection("license_snapshots").find(where, _SNAPSHOT_FIELDS, session=session))


async def _sum_all_snapshots(
    scope: Scope, session: Session, lines: Mapping[str, Sequence[str]]
) -> dict[WeekKey, LicenseWeek]:
    """Return the weeks of all snapshots of these lines; MongoDB selects the last of each week, to return fewer rows."""
    of_week = {"$dateTrunc": {"date": "$day", "unit": "week", "startOfWeek": "monday"}}
    key = {"entitlement_id": "$entitlement_id", "product": "$product", "name": "$name", "week": of_week}
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **{name: {"$in": list(values)} for name, values in lines.items()}}},
        {"$sort": {"entitlement_id": 1, "product": 1, "day": 1}},
        {"$group": {"_id": key, **{name: {"$last": f"${name}"} for name in _SNAPSHOT_FIELDS}}},
    ]
    return sum_by_week(await scope.collection("license_snapshots").aggregate(pipeline, session=session))


async def _read_stored_weeks(scope: Scope, session: Session, where: Document) -> _StoredWeeks:
    documents = await scope.collection(CUSTOMER_WEEKS).find({**scope.match(), **where}, _WEEK_FIELDS, session=session)
    weeks = {document["_id"]: LicenseWeek(extract_sums(document), extract_assigned(document)) for document in documents}
    return _StoredWeeks(weeks, {document["_id"]: document["is_removed"] for document in documents})


def extract_sums(document: Mapping[str, Any]) -> LicenseSums:
    """Return the sums of a stored week, of a customer or a partner."""
    return LicenseSums(*(document[name] for name in LicenseSums._fields))


def extract_assigned(document: Mapping[str, Any]) -> dict[str, int]:
    """Return the assigned CALLING licences by `single_line_id`, in a customer's stored week."""
    return {line["id"]: line["assigned"] for line in document.get("lines", ())}


def _build_writes(
    scope: Scope, computed: Mapping[WeekKey, LicenseWeek], stored: _StoredWeeks, removed_ids: Container[str]
) -> Iterator[tuple[str, WeekWrite]]:
    """Yield the writes of the weeks that differ, by id."""
    now = utc_now()
    for key, week in computed.items():
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


async def set_weeks_removed(scope: Scope, session: Session, customer_ids: Sequence[str]) -> None:
    """Exclude the weeks of these customers from all sums; `repair_weeks` includes them again."""
    where = {**scope.match(), "customer_id": {"$in": list(customer_ids)}}
    change = {"$set": {"is_removed": True, "updated_at": utc_now()}, "$inc": {"version": 1}}
    writes = [UpdateMany(where, change)] if customer_ids else []
    await scope.collection(CUSTOMER_WEEKS).bulk_write(writes, session=session)


async def read_last_written(scope: Scope, weeks: Mapping[str, Any]) -> dict[datetime, datetime]:
    """Return when the sums of each week were written last; it reads one index key per week."""
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **weeks}},
        {"$sort": {"partner_id": 1, "product": 1, "week": 1, "updated_at": -1}},
        {"$group": {"_id": "$week", "newest": {"$first": "$updated_at"}}},
    ]
    groups = await scope.collection(CUSTOMER_WEEKS).aggregate(pipeline)
    return {group["_id"]: group["newest"] for group in groups}
