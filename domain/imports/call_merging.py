"""What a delivered call, its media figures or a queue call make of the document that is there: pure merges.

Nothing here changes a call but its deliveries, so a fact is what was delivered last. What a report tells that has no
fact of its own (`_TOLD`) is kept in `delivered`, because a later report may leave some of it out; so is whether media
figures came at all.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from domain.calling.calls import RAW_CALLS_KEPT, endpoint_of, features_of
from domain.failures import LineRefused
from domain.imports.records import Line
from domain.time.weeks import is_closed, week_of

Facts = dict[str, Any]
_TOLD = {
    "client_type": "Client type",
    "model": "Model",
    "related_reason": "Related reason",
    "redirect_reason": "Redirect reason",
    "original_reason": "Original reason",
    "user_type": "User type",
    "recording": "Call Recording Result",
}
_MEASUREMENTS = {"loss": "packetLossPercent", "jitter": "jitterMs", "latency": "latencyMs"}
_NOT_THERE: Facts = {"loss": None, "jitter": None, "latency": None, "user_id": None, "delivered": {}}


def has_call(document: Mapping[str, Any] | None) -> bool:
    """Whether the document holds a call, and not only media figures that wait for theirs."""
    return document is not None and document["week"] is not None


def has_media(document: Mapping[str, Any] | None) -> bool:
    """Whether media figures were delivered for this report id."""
    return document is not None and "media" in document["delivered"]


def apply_call(document: Mapping[str, Any] | None, line: Line, customer_id: str, now: datetime) -> Facts | None:
    """All facts of the call after this line, None where they are the same; LineRefused where its time is impossible."""
    values = line.values
    starts = values["Start time"]
    week = _open_week("Start time", starts, "Duration", values["Duration"], now)
    before = document or _NOT_THERE
    told = before["delivered"]
    cells = [values.get(column) for column in _TOLD.values()]
    if told:
        cells = [cell or told.get(name) for name, cell in zip(_TOLD, cells, strict=True)]
    endpoint, features, delivered = _read(*cells)
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
        "expires_at": starts + RAW_CALLS_KEPT,
    }
    return _changes("Report ID", document, facts, now)


def apply_media(document: Mapping[str, Any] | None, line: Line, now: datetime) -> Facts | None:
    """The facts that a call-media line sets, None where they are the same; those of an unknown call wait for it."""
    before = document or {**_NOT_THERE, "report_id": line.key, "week": None, "expires_at": now + RAW_CALLS_KEPT}
    facts = {fact: line.values.get(name, before[fact]) for fact, name in _MEASUREMENTS.items()}
    facts["delivered"] = {**before["delivered"], "media": True}
    return _changes("reportId", document, facts if document else {**before, **facts}, now)


def apply_queue_call(document: Mapping[str, Any] | None, line: Line, customer_id: str, now: datetime) -> Facts | None:
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
        "expires_at": offered + RAW_CALLS_KEPT,
    }
    return _changes("id", document, facts, now)


def _open_week(at: str, moment: datetime, lasts: str, seconds: int, now: datetime) -> datetime:
    """The week of something that has happened; LineRefused where it has not, or where the week takes no more data."""
    if moment > now:
        raise LineRefused(at, "lies in the future")
    if moment + timedelta(seconds=seconds) > now:
        raise LineRefused(lasts, f"is {seconds:,} seconds, which end in the future")
    week = week_of(moment)
    if is_closed(week, now):
        raise LineRefused(at, f"lies in the week of {week.date()}, which is closed: it is 13 weeks old")
    return week


def _changes(key: str, document: Mapping[str, Any] | None, facts: Facts, now: datetime) -> Facts | None:
    if document is None:
        return facts
    if all(name in document and document[name] == value for name, value in facts.items()):
        return None
    week = document["week"]
    if week is not None and is_closed(week, now):
        raise LineRefused(key, f"is of the week of {week.date()}, which is closed: it is 13 weeks old")
    return facts


# A partner's reports have few combinations of these cells, and millions of lines.
@lru_cache(maxsize=4096)
def _read(*cells: str | None) -> tuple[str, tuple[str, ...], Facts]:
    client_type, model, *reasons, user_type, recording = cells
    features = tuple(str(feature) for feature in features_of(reasons, user_type, recording))
    told = {name: cell for name, cell in zip(_TOLD, cells, strict=True) if cell is not None}
    return str(endpoint_of(client_type, model)), features, told
