"""What a delivered call, its media figures or a queue call make of the document that is there: pure merges.

Nothing here changes a call but its deliveries, so a fact is what was delivered last. What a report tells that has no
fact of its own (`_REPORT_COLUMNS`) is kept in `delivered`, because a later report may omit some of it. The same holds
for whether media figures were delivered.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from domain.calling.calls import RAW_CALL_RETENTION, classify_endpoint, classify_features
from domain.failures import InvalidRecord
from domain.imports.records import ImportRecord
from domain.time.weeks import is_week_closed, week_of

Facts = dict[str, Any]
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
_EMPTY_CALL: Facts = {"loss": None, "jitter": None, "latency": None, "user_id": None, "delivered": {}}


def has_call(document: Mapping[str, Any] | None) -> bool:
    """Whether the document holds a call, and not only media figures that wait for theirs."""
    return document is not None and document["week"] is not None


def has_media(document: Mapping[str, Any] | None) -> bool:
    """Whether media figures were delivered for this report id."""
    return document is not None and "media" in document["delivered"]


def apply_call(document: Mapping[str, Any] | None, line: ImportRecord, customer_id: str, now: datetime) -> Facts | None:
    """Return all facts of the call after this record, None where unchanged; InvalidRecord for an impossible time."""
    values = line.values
    starts = values["Start time"]
    week = _open_week("Start time", starts, "Duration", values["Duration"], now)
    before = document or _EMPTY_CALL
    told = before["delivered"]
    cells = [values.get(column) for column in _REPORT_COLUMNS.values()]
    if told:
        cells = [cell or told.get(name) for name, cell in zip(_REPORT_COLUMNS, cells, strict=True)]
    endpoint, features, delivered = _classify_cells(*cells)
    facts = {
        "report_id": line.key,
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
        "delivered": {**delivered, "media": True} if "media" in told else delivered,
        "expires_at": starts + RAW_CALL_RETENTION,
    }
    return _changed_facts("Report ID", document, facts, now)


def apply_media(document: Mapping[str, Any] | None, line: ImportRecord, now: datetime) -> Facts | None:
    """The facts that a call-media line sets, None where they are the same; those of an unknown call wait for it."""
    before = document or {**_EMPTY_CALL, "report_id": line.key, "week": None, "expires_at": now + RAW_CALL_RETENTION}
    facts = {fact: line.values.get(name, before[fact]) for fact, name in _MEASUREMENTS.items()}
    facts["delivered"] = {**before["delivered"], "media": True}
    return _changed_facts("reportId", document, facts if document else {**before, **facts}, now)


def apply_queue_call(
    document: Mapping[str, Any] | None, line: ImportRecord, customer_id: str, now: datetime
) -> Facts | None:
    """All facts of the queue call after this line, None where they are the same."""
    values = line.values
    offered = values["offeredAt"]
    facts = {
        "queue_call_id": line.key,
        "customer_id": customer_id,
        "queue": values["queue"],
        "week": _open_week("offeredAt", offered, "waitSeconds", values["waitSeconds"], now),
        "offered_at": offered,
        "outcome": values["outcome"],
        "wait_seconds": values["waitSeconds"],
        "expires_at": offered + RAW_CALL_RETENTION,
    }
    return _changed_facts("id", document, facts, now)


def _open_week(at: str, moment: datetime, lasts: str, seconds: int, now: datetime) -> datetime:
    """The week of something that has happened; InvalidRecord where it has not, or where the week takes no more data."""
    if moment > now:
        raise InvalidRecord(at, "lies in the future")
    if moment + timedelta(seconds=seconds) > now:
        raise InvalidRecord(lasts, f"is {seconds:,} seconds, which end in the future")
    week = week_of(moment)
    if is_week_closed(week, now):
        raise InvalidRecord(at, f"lies in the week of {week.date()}, which is closed: it is 13 weeks old")
    return week


def _changed_facts(key: str, document: Mapping[str, Any] | None, facts: Facts, now: datetime) -> Facts | None:
    if document is None:
        return facts
    if all(name in document and document[name] == value for name, value in facts.items()):
        return None
    week = document["week"]
    if week is not None and is_week_closed(week, now):
        raise InvalidRecord(key, f"is of the week of {week.date()}, which is closed: it is 13 weeks old")
    return facts


# A partner's reports have few combinations of these cells, and millions of lines.
@lru_cache(maxsize=4096)
def _classify_cells(*cells: str | None) -> tuple[str, tuple[str, ...], Facts]:
    client_type, model, *reasons, user_type, recording = cells
    features = tuple(str(feature) for feature in classify_features(reasons, user_type, recording))
    told = {name: cell for name, cell in zip(_REPORT_COLUMNS, cells, strict=True) if cell is not None}
    return str(classify_endpoint(client_type, model)), features, told
