"""Daily snapshots of licence lines: those that the job takes, and what rows of reports read of all of them.

One document a line and day. What was delivered for a day (store/imports/license_usage.py) wins over what the job took,
whichever came first: the job leaves a day alone that has a snapshot, and a delivery takes the place of the job's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.entitlements.license_snapshots import WeekKey, has_newer_figures, lines_to_snapshot, start_of_day
from domain.time.instants import DAY
from domain.time.weeks import week_of
from store.database.client import Document, IndexModel, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.licenses.weeks import recompute_weeks

COLLECTION = "license_snapshots"
LINE_DAY_INDEX = "line_day"
LICENSE_SNAPSHOT_INDEXES = (
    IndexModel(
        [("partner_id", 1), ("entitlement_id", 1), ("product", 1), ("day", 1)], name=LINE_DAY_INDEX, unique=True
    ),
)
# An entitlement's id, and the product.
LicenseLineKey = tuple[str, str]
_FIGURES = ("total", "assigned", "used")


async def take_snapshots(scope: Scope, customer_ids: Sequence[str], day: datetime) -> int:
    """Takes what these customers' lines still lack of the day, in one transaction; answers how many that were."""

    async def attempt(session: Session) -> int:
        held = await _read_entitlements(scope, customer_ids, session)
        due = {(one["_id"], line["product"]): (one, line) for one in held for line in lines_to_snapshot(one, day)}
        for key in await _read_taken(scope, list(due), day, session):
            del due[key]
        newer = [key for key, (_, line) in due.items() if has_newer_figures(line, day)]
        earlier = await _read_latest_before(scope, newer, day, session)
        taken = [_build_snapshot(scope, one, earlier.get(key, line), key, day) for key, (one, line) in due.items()]
        await scope.collection(COLLECTION).insert_many(taken, session=session)
        touched = {WeekKey(one["customer_id"], one["product"], week_of(day)) for one in taken}
        await recompute_weeks(scope, session, touched, [one["_id"] for one in held])
        return len(taken)

    return await in_transaction(scope.client, attempt)


async def _read_entitlements(scope: Scope, customer_ids: Sequence[str], session: Session) -> list[Document]:
    where = {**scope.match(), "customer_id": {"$in": list(customer_ids)}}
    return await scope.collection("entitlements").find(where, {"delivered": 0}, session=session)


async def _read_taken(
    scope: Scope, lines: Sequence[LicenseLineKey], day: datetime, session: Session
) -> list[LicenseLineKey]:
    where = {**_match_lines(scope, lines), "day": day}
    shown = {"_id": 0, "entitlement_id": 1, "product": 1}
    found = await scope.collection(COLLECTION).find(where, shown, session=session)
    return [key for one in found if (key := (one["entitlement_id"], one["product"])) in set(lines)]


async def _read_latest_before(
    scope: Scope, lines: Sequence[LicenseLineKey], day: datetime, session: Session
) -> dict[LicenseLineKey, Document]:
    """The figures that were known last, of lines whose current ones are of a later day."""
    if not lines:
        return {}
    figures = {name: {"$last": f"${name}"} for name in _FIGURES}
    return await _aggregate_by_line(scope, lines, {"$lt": day}, figures, session)


def _build_snapshot(
    scope: Scope, entitlement: Document, figures: Mapping[str, Any], line: LicenseLineKey, day: datetime
) -> Document:
    now = utc_now()
    return {
        "_id": new_id("lsn"),
        "partner_id": scope.partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "entitlement_id": line[0],
        "customer_id": entitlement["customer_id"],
        "product": line[1],
        "day": day,
        "by_system": True,
        **{name: figures[name] for name in _FIGURES},
    }


class DayFigures(NamedTuple):
    """What a line's snapshot of a day says."""

    assigned: int
    used: int


async def read_figures_a_week_ago(scope: Scope, lines: Sequence[LicenseLineKey]) -> dict[LicenseLineKey, DayFigures]:
    """Each line's latest snapshot of a date 7 to 13 days before today, in one query; none where there is none."""
    today = start_of_day(scope.now)
    figures = {name: {"$last": f"${name}"} for name in DayFigures._fields}
    found = await _aggregate_by_line(scope, lines, {"$gte": today - 13 * DAY, "$lte": today - 7 * DAY}, figures)
    return {key: DayFigures(one["assigned"], one["used"]) for key, one in found.items()}


async def read_highest_used(scope: Scope, lines: Sequence[LicenseLineKey]) -> dict[LicenseLineKey, int]:
    """The highest figure of used among each line's snapshots of the last 92 dates, today's included, in one query."""
    today = start_of_day(scope.now)
    highest = {"used": {"$max": "$used"}}
    found = await _aggregate_by_line(scope, lines, {"$gte": today - 91 * DAY, "$lte": today}, highest)
    return {key: one["used"] for key, one in found.items()}


async def _aggregate_by_line(
    scope: Scope, lines: Sequence[LicenseLineKey], days: Document, fields: Document, session: Session = None
) -> dict[LicenseLineKey, Document]:
    """By line, over its snapshots of these days, the oldest first."""
    pipeline: list[Document] = [
        {"$match": {**_match_lines(scope, lines), "day": days}},
        {"$sort": {"entitlement_id": 1, "product": 1, "day": 1}},
        {"$group": {"_id": _LINE_GROUP_KEY, **fields}},
    ]
    return _index_by_line(await scope.collection(COLLECTION).aggregate(pipeline, session=session))


_LINE_GROUP_KEY: Document = {"entitlement_id": "$entitlement_id", "product": "$product"}


def _match_lines(scope: Scope, lines: Sequence[LicenseLineKey]) -> Document:
    """A condition on both fields of the index; of other products of the same entitlements some may come along."""
    ids, products = {id_ for id_, _ in lines}, {product for _, product in lines}
    return {**scope.match(), "entitlement_id": {"$in": sorted(ids)}, "product": {"$in": sorted(products)}}


def _index_by_line(groups: Sequence[Document]) -> dict[LicenseLineKey, Document]:
    return {(one["_id"]["entitlement_id"], one["_id"]["product"]): one for one in groups}
