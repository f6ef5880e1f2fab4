"""Daily snapshots of licence lines: one document per single line and day.

The job takes a snapshot at the end of each day; an import may deliver one (store/imports/license_usage.py). A delivered
snapshot takes precedence: the job does not overwrite a snapshot, and a delivery replaces that of the job.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.entitlements.license_keys import key_fields, key_of_line, snapshot_key
from domain.entitlements.license_snapshots import WeekKey, has_newer_figures, lines_to_snapshot, start_of_day
from domain.time.instants import DAY
from domain.time.weeks import week_of
from store.database.client import Document, IndexModel, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.licenses.use_peaks import read_used_by_day, update_peaks
from store.licenses.weeks import recompute_weeks

COLLECTION = "license_snapshots"
LINE_DAY_INDEX = "line_day_name"
LICENSE_SNAPSHOT_INDEXES = (
    IndexModel(
        [("partner_id", 1), ("entitlement_id", 1), ("product", 1), ("day", 1), ("name", 1)],
        name=LINE_DAY_INDEX,
        unique=True,
    ),
)
# The entitlement's id and the product: the sum over the single lines of the product.
ProductLineKey = tuple[str, str]
# The entitlement's id and the snapshot key of a single line (domain/entitlements/license_keys.py).
SingleLineKey = tuple[str, str]
_FIGURES = ("total", "assigned", "used")


async def take_snapshots(scope: Scope, customer_ids: Sequence[str], day: datetime) -> int:
    """Take the missing snapshots of the day for these customers, in one transaction; return how many.

    A line whose figures were delivered for a later day gets the figures of its latest snapshot before `day`.
    """

    async def attempt(session: Session) -> int:
        entitlements = await _read_entitlements(scope, customer_ids, session)
        due = {
            (entitlement["_id"], snapshot_key(figures)): (entitlement, figures)
            for entitlement in entitlements
            for figures in lines_to_snapshot(entitlement, day)
        }
        for key in await _read_taken(scope, list(due), day, session):
            del due[key]
        newer = [key for key, (_, figures) in due.items() if has_newer_figures(figures, day)]
        earlier = await _read_latest_before(scope, newer, day, session)
        taken = [
            _build_snapshot(scope, entitlement, earlier.get(key, figures), key[1], day)
            for key, (entitlement, figures) in due.items()
        ]
        await scope.collection(COLLECTION).insert_many(taken, session=session)
        await update_peaks(scope, session, await read_used_by_day(scope, session, taken, {"$eq": day}))
        weeks = {WeekKey(snapshot["customer_id"], snapshot["product"], week_of(day)) for snapshot in taken}
        await recompute_weeks(scope, session, weeks, [entitlement["_id"] for entitlement in entitlements])
        return len(taken)

    return await in_transaction(scope.client, attempt)


async def _read_entitlements(scope: Scope, customer_ids: Sequence[str], session: Session) -> list[Document]:
    where = {**scope.match(), "customer_id": {"$in": list(customer_ids)}}
    return await scope.collection("entitlements").find(where, {"delivered": 0}, session=session)


async def _read_taken(
    scope: Scope, lines: Sequence[SingleLineKey], day: datetime, session: Session
) -> list[SingleLineKey]:
    where = {**_match_single_lines(scope, lines), "day": day}
    fields = {"_id": 0, "entitlement_id": 1, "product": 1, "name": 1}
    snapshots = await scope.collection(COLLECTION).find(where, fields, session=session)
    due = set(lines)
    return [key for taken in snapshots if (key := (taken["entitlement_id"], key_of_line(taken))) in due]


async def _read_latest_before(
    scope: Scope, lines: Sequence[SingleLineKey], day: datetime, session: Session
) -> dict[SingleLineKey, Document]:
    """Return the figures of each line's latest snapshot before the day."""
    if not lines:
        return {}
    where = {**_match_single_lines(scope, lines), "day": {"$lt": day}}
    pipeline = [{"$match": where}, _BY_DAY, {"$group": {"_id": _SINGLE_LINE, **_last(_FIGURES)}}]
    groups = await scope.collection(COLLECTION).aggregate(pipeline, session=session)
    return {(group["_id"]["entitlement_id"], key_of_line(group["_id"])): group for group in groups}


def _build_snapshot(
    scope: Scope, entitlement: Document, figures: Mapping[str, Any], license_key: str, day: datetime
) -> Document:
    now = utc_now()
    return {
        "_id": new_id("lsn"),
        "partner_id": scope.partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "entitlement_id": entitlement["_id"],
        "customer_id": entitlement["customer_id"],
        **key_fields(license_key),
        "day": day,
        "by_system": True,
        **{name: figures[name] for name in _FIGURES},
    }


class DayFigures(NamedTuple):
    """The figures of a line's snapshot that a weekly change compares."""

    assigned: int
    used: int


async def read_figures_a_week_ago(scope: Scope, lines: Sequence[ProductLineKey]) -> dict[ProductLineKey, DayFigures]:
    """Return the figures of the dates from 13 to 7 days before today; a line without a snapshot of them is absent.

    They are the sums over single lines, each with its latest snapshot of these dates.
    """
    today = start_of_day(scope.now)
    days = {"$gte": today - 13 * DAY, "$lte": today - 7 * DAY}
    of_line = {name: f"$_id.{name}" for name in _PRODUCT_LINE}
    pipeline: list[Document] = [
        {"$match": {**_match_lines(scope, lines), "day": days}},
        _BY_DAY,
        {"$group": {"_id": _SINGLE_LINE, **_last(DayFigures._fields)}},
        {"$group": {"_id": of_line, **{name: {"$sum": f"${name}"} for name in DayFigures._fields}}},
    ]
    return {
        (group["_id"]["entitlement_id"], group["_id"]["product"]): DayFigures(group["assigned"], group["used"])
        for group in await scope.collection(COLLECTION).aggregate(pipeline)
    }


_BY_DAY: Document = {"$sort": {"entitlement_id": 1, "product": 1, "day": 1}}
_PRODUCT_LINE: Document = {"entitlement_id": "$entitlement_id", "product": "$product"}
_SINGLE_LINE: Document = {**_PRODUCT_LINE, "name": "$name"}


def _last(names: Iterable[str]) -> Document:
    return {name: {"$last": f"${name}"} for name in names}


def _match_lines(scope: Scope, lines: Sequence[ProductLineKey]) -> Document:
    """Return a condition on both fields of the index; it also matches other products of the same entitlements."""
    ids, products = {id_ for id_, _ in lines}, {product for _, product in lines}
    return {**scope.match(), "entitlement_id": {"$in": sorted(ids)}, "product": {"$in": sorted(products)}}


def _match_single_lines(scope: Scope, lines: Sequence[SingleLineKey]) -> Document:
    """Return a condition that also matches other lines of the same entitlements."""
    return _match_lines(scope, [(id_, key_fields(key)["product"]) for id_, key in lines])
