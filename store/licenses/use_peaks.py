"""The stored peaks of use of each licence line (domain/entitlements/use_peaks.py), and the snapshots they follow from.

The transaction that writes snapshots writes the peaks of their lines. A line that is inserted gets those of its
snapshots: the line can have existed before, as that of a customer who was removed and delivered again.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from domain.entitlements.license_lines import LicenseLine, license_line_id
from domain.entitlements.use_peaks import Peaks, add_days, build_peaks, first_use_day, in_period
from store.database.client import Client, Document, Session, UpdateMany, UpdateOne
from store.database.scope import Scope

PEAKS_FIELD: Final = "use_peaks"
# The day and the use of the earliest stored peak, beside the list: an index of a list has a key for each element.
PEAK_DAY_FIELD: Final = "first_peak_day"
PEAK_USED_FIELD: Final = "first_peak_used"
PEAK_FIELDS: Final = (PEAKS_FIELD, PEAK_DAY_FIELD, PEAK_USED_FIELD)
_LINES, _SNAPSHOTS = "license_lines", "license_snapshots"
# The use by date, by the id of the licence line.
UsedByDay = Mapping[str, Mapping[datetime, int]]


def build_peak_fields(peaks: Peaks) -> Document:
    """Return the stored fields of a line with these peaks."""
    first = peaks[0] if peaks else {"day": None, "used": 0}
    return {PEAKS_FIELD: list(peaks), PEAK_DAY_FIELD: first["day"], PEAK_USED_FIELD: first["used"]}


async def store_first_peaks(client: Client) -> None:
    """Store the earliest peak of each line beside its peaks, for a migration."""
    first = {"$first": f"${PEAKS_FIELD}"}
    fields = {
        PEAK_DAY_FIELD: {"$ifNull": [{"$getField": {"field": "day", "input": first}}, None]},
        PEAK_USED_FIELD: {"$ifNull": [{"$getField": {"field": "used", "input": first}}, 0]},
    }
    await client.collection(_LINES).bulk_write([UpdateMany({}, [{"$set": fields}])])


async def read_used_by_day(
    scope: Scope, session: Session, lines: Iterable[Mapping[str, Any]], days: Document | None = None
) -> UsedByDay:
    """Return the use of each line by date, the sum over its single lines; of the whole period without `days`.

    A line is given with its `entitlement_id` and `product`. Other products of the same entitlements can be returned.
    """
    pairs = [(line["entitlement_id"], line["product"]) for line in lines if line["product"] is not None]
    if not pairs:
        return {}
    where: Document = {
        **scope.match(),
        "entitlement_id": {"$in": sorted({entitlement_id for entitlement_id, _ in pairs})},
        "product": {"$in": sorted({product for _, product in pairs})},
        "day": days or {"$gte": first_use_day(scope.now)},
    }
    of_date = {"entitlement_id": "$entitlement_id", "product": "$product", "day": "$day"}
    pipeline: list[Document] = [{"$match": where}, {"$group": {"_id": of_date, "used": {"$sum": "$used"}}}]
    by_line: dict[str, dict[datetime, int]] = {}
    for group in await scope.collection(_SNAPSHOTS).aggregate(pipeline, session=session):
        date = group["_id"]
        line_id = license_line_id(date["entitlement_id"], date["product"])
        by_line.setdefault(line_id, {})[date["day"]] = group["used"]
    return by_line


async def compute_peaks(scope: Scope, session: Session, lines: Mapping[str, LicenseLine]) -> dict[str, Peaks]:
    """Return the peaks of these lines from their snapshots, by line id; a line without peaks is absent."""
    used_by_day = await read_used_by_day(scope, session, lines.values())
    return {id_: build_peaks(used_by_day[id_], scope.now) for id_ in lines if id_ in used_by_day}


async def update_peaks(scope: Scope, session: Session, used_by_day: UsedByDay) -> None:
    """Store the peaks of lines that have a new use on some dates, after the snapshots of these dates were written."""
    if not used_by_day:
        return
    collection = scope.collection(_LINES)
    where = {**scope.match(), "_id": {"$in": sorted(used_by_day)}}
    fields = {"entitlement_id": 1, "product": 1, PEAKS_FIELD: 1}
    lines = {line["_id"]: line for line in await collection.find(where, fields, session=session)}
    peaks = {id_: add_days(line[PEAKS_FIELD], used_by_day[id_], scope.now) for id_, line in lines.items()}
    fallen = {id_: lines[id_] for id_, updated in peaks.items() if updated is None}
    rebuilt = await compute_peaks(scope, session, fallen)
    changed = {id_: rebuilt.get(id_, []) if updated is None else updated for id_, updated in peaks.items()}
    writes = [
        UpdateOne({**scope.match(), "_id": id_}, {"$set": build_peak_fields(updated)})
        for id_, updated in changed.items()
        if list(updated) != lines[id_][PEAKS_FIELD]
    ]
    await collection.bulk_write(writes, session=session)


async def find_wrong_peaks(
    scope: Scope, session: Session, stored: Collection[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return those of the stored lines whose peaks do not follow from their snapshots."""
    right = await compute_peaks(scope, session, {line["_id"]: dict(line) for line in stored})
    return [line for line in stored if not _has_peaks(line, right.get(line["_id"], ()), scope.now)]


def _has_peaks(line: Mapping[str, Any], peaks: Peaks, now: datetime) -> bool:
    stored = line.get(PEAKS_FIELD, [])
    is_first_right = build_peak_fields(stored).items() <= line.items()
    return is_first_right and in_period(stored, now) == list(peaks)
