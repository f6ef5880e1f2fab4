"""Merges delivered legs of calls, media figures and queue calls into the stored document.

Only deliveries change a leg, so each field has the value that was delivered last. `delivered` keeps the cells of a
report that have no field of their own (`_REPORT_COLUMNS`), because a later report can omit some of them, and whether
media figures were delivered.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from domain.calling.calls import RAW_CALL_RETENTION, classify_endpoint, classify_features
from domain.failures import InvalidRecord
from domain.imports.open_weeks import check_open_week
from domain.imports.records import DocumentFields, ImportRecord
from domain.time.weeks import is_week_closed

_REPORT_COLUMNS = {
    "client_type": "Client type",
    "model": "Model",
    "related_reason": "Related reason",
    "redirect_reason": "Redirect reason",
    "original_reason": "Original reason",
    "user_type": "User type",
    "recording": "Call Recording Result",
}
_MEASUREMENTS = {"loss": "packetLossPercent", "jitter": "jitterMs", "latency": "latencyMs"}
_EMPTY_LEG: DocumentFields = {
    **dict.fromkeys(("correlation_id", "user_id", "loss", "jitter", "latency")),
    "delivered": {},
}


def has_call(document: Mapping[str, Any] | None) -> bool:
    """True for a stored leg; False for a document that has only media figures so far."""
    return document is not None and document["week"] is not None


def has_media(document: Mapping[str, Any] | None) -> bool:
    """True where media figures were delivered for the report id."""
    return document is not None and "media" in document["delivered"]


def merge_call(
    document: Mapping[str, Any] | None, record: ImportRecord, customer_id: str, now: datetime
) -> DocumentFields | None:
    """Return all fields of the leg after the record, None where unchanged; InvalidRecord for an impossible time."""
    values = record.values
    starts = values["Start time"]
    week = _open_week("Start time", starts, "Duration", values["Duration"], now)
    before = document or _EMPTY_LEG
    kept = before["delivered"]
    cells = [values.get(column) for column in _REPORT_COLUMNS.values()]
    if kept:
        cells = [cell or kept.get(name) for name, cell in zip(_REPORT_COLUMNS, cells, strict=True)]
    is_short = sum(len(cell) for cell in cells if cell) <= _MAX_CACHED_CELLS
    endpoint, features, delivered = (_classify_cells if is_short else _classify_cells.__wrapped__)(*cells)
    fields = {
        "report_id": record.key,
        "correlation_id": values.get("Correlation ID") or before.get("correlation_id"),
        "customer_id": customer_id,
        "week": week,
        "started_at": starts,
        "seconds": values["Duration"],
        "user_id": values.get("User UUID") or before["user_id"],
        "endpoint": endpoint,
        "features": list(features),
        "loss": before["loss"],
        "jitter": before["jitter"],
        "latency": before["latency"],
        "delivered": {**delivered, "media": True} if "media" in kept else delivered,
        "expires_at": starts + RAW_CALL_RETENTION,
    }
    return _changed_fields("Report ID", document, fields, now)


def merge_media(document: Mapping[str, Any] | None, record: ImportRecord, now: datetime) -> DocumentFields | None:
    """Return the fields that a call-media record sets, None where unchanged; the leg itself can arrive later."""
    before = document or {**_EMPTY_LEG, "report_id": record.key, "week": None, "expires_at": now + RAW_CALL_RETENTION}
    fields = {field: record.values.get(name, before[field]) for field, name in _MEASUREMENTS.items()}
    fields["delivered"] = {**before["delivered"], "media": True}
    return _changed_fields("reportId", document, fields if document else {**before, **fields}, now)


def merge_queue_call(
    document: Mapping[str, Any] | None, record: ImportRecord, customer_id: str, now: datetime
) -> DocumentFields | None:
    """Return all fields of the queue call after the record; None where unchanged."""
    values = record.values
    offered = values["offeredAt"]
    fields = {
        "queue_call_id": record.key,
        "customer_id": customer_id,
        "queue": values["queue"],
        "week": _open_week("offeredAt", offered, "waitSeconds", values["waitSeconds"], now),
        "offered_at": offered,
        "outcome": values["outcome"],
        "wait_seconds": values["waitSeconds"],
        "expires_at": offered + RAW_CALL_RETENTION,
    }
    return _changed_fields("id", document, fields, now)


def _open_week(at: str, moment: datetime, lasts: str, seconds: int, now: datetime) -> datetime:
    """Return the week of a moment; InvalidRecord where it or its end is in the future, or the week is closed."""
    week = check_open_week(at, moment, now)
    if moment + timedelta(seconds=seconds) > now:
        raise InvalidRecord(lasts, f"is {seconds:,} seconds, which end in the future")
    return week


def _changed_fields(
    key: str, document: Mapping[str, Any] | None, fields: DocumentFields, now: datetime
) -> DocumentFields | None:
    if document is None:
        return fields
    if all(name in document and document[name] == value for name, value in fields.items()):
        return None
    week = document["week"]
    if week is not None and is_week_closed(week, now):
        raise InvalidRecord(key, f"is of the week of {week.date()}, which is closed: it is 13 weeks old")
    return fields


# The characters of all cells of one entry of the cache.
_MAX_CACHED_CELLS = 1_000


# The reports of a partner have millions of records, with few combinations of these cells.
@lru_cache(maxsize=4096)
def _classify_cells(*cells: str | None) -> tuple[str, tuple[str, ...], DocumentFields]:
    client_type, model, *reasons, user_type, recording = cells
    features = tuple(str(feature) for feature in classify_features(reasons, user_type, recording))
    kept = {name: cell for name, cell in zip(_REPORT_COLUMNS, cells, strict=True) if cell is not None}
    return str(classify_endpoint(client_type, model)), features, kept
