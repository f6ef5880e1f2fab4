"""Events: audit log, outbox and source of every feed in one append-only collection (write side)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.customers.transitions import StatusTransition
from domain.text.sentences import join_names
from domain.types import ActivityKind, CustomerStatus
from store.database.client import Document, IndexModel
from store.database.ids import new_id

COLLECTION = "events"
RETENTION = timedelta(days=400)
SHORT_RETENTION = timedelta(days=14)
NEWEST_INDEX, KEYS_INDEX = "newest", "keys_newest"
EVENT_INDEXES = (
    IndexModel([("partner_id", 1), ("at", -1), ("_id", -1)], name=NEWEST_INDEX),
    # Inside a transaction each index of a collection costs every document written (docs/decisions/0006): so the kind,
    # the actor and the customer of an event are keys of one index.
    IndexModel([("partner_id", 1), ("keys", 1), ("at", -1), ("_id", -1)], name=KEYS_INDEX),
    IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
)
STATUS_PHRASES = {
    CustomerStatus.TRIAL: "on trial",
    CustomerStatus.SUBSCRIPTION: "subscribed",
    CustomerStatus.EXPIRING_SOON: "expiring soon",
    CustomerStatus.LICENSE_OVERAGE: "over its licenses",
    CustomerStatus.NO_RECENT_ACTIVITY: "without recent activity",
    CustomerStatus.READY_FOR_ORDER_SETUP: "ready for order setup",
    CustomerStatus.SUSPENDED: "suspended",
    CustomerStatus.EXPIRED: "expired",
}


@dataclass(slots=True)
class EventDraft:
    """Something that happened to the customer, to become an event; `at` is None for the write's own moment."""

    kind: ActivityKind
    subject_id: str
    summary: str
    changes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    at: datetime | None = None
    short_lived: bool = False


def event_document(
    partner_id: str, now: datetime, shared: Mapping[str, Any], note: EventDraft, turn: StatusTransition | None = None
) -> Document:
    """The stored form of something that happened; `shared` holds actor, customer and the facts around it."""
    at = note.at or now
    document: Document = {
        "_id": new_id("evt"),
        "partner_id": partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "kind": str(note.kind),
        "at": at,
        "subject_id": note.subject_id,
        "summary": note.summary,
        "changes": dict(note.changes),
        "keys": event_keys(str(note.kind), shared["actor_id"], shared["customer_id"]),
        "is_first_of_change": False,
        "expires_at": now + (SHORT_RETENTION if note.short_lived else RETENTION),
        **shared,
    }
    if turn is not None:
        document.update(
            entered=[str(s) for s in turn.entered],
            left=[str(s) for s in turn.left],
            statuses=[str(s) for s in turn.statuses],
        )
    return document


def event_keys(kind: str, actor_id: str | None, customer_id: str | None) -> list[str]:
    """What an event is looked for by; nobody looks for those of no actor or of no customer."""
    named = {"kind": kind, "actor": actor_id, "customer": customer_id}
    return [event_key(name, value) for name, value in named.items() if value is not None]


def event_key(name: str, value: str) -> str:
    """One of the keys."""
    return f"{name}:{value}"


def status_summary(name: str, turn: StatusTransition) -> str:
    """What a person would write: `Acme is now over its licenses; no longer on trial`."""
    entered, left = ([STATUS_PHRASES[status] for status in statuses] for statuses in (turn.entered, turn.left))
    if not entered:
        return f"{name} is no longer {join_names(left, 'or')}"
    return f"{name} is now {join_names(entered)}" + (f", no longer {join_names(left, 'or')}" if left else "")
