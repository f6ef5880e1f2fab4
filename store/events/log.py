"""The documents of `events`: one append-only collection is audit log, outbox and source of every feed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field

from domain.customers.transitions import StatusTransition
from domain.partner.activity import bound_changes
from domain.text.sentences import join_names
from domain.types import ActivityKind, CustomerStatus
from store.database.client import Document, IndexModel
from store.database.ids import new_id

COLLECTION = "events"
RETENTION = timedelta(days=400)
SHORT_RETENTION = timedelta(days=14)
# The fields of an event that concerns no customer.
NO_CUSTOMER: Mapping[str, Any] = {"customer_id": None, "facts_before": None, "facts_after": None}
NEWEST_INDEX, KEYS_INDEX = "newest", "keys_newest"
EVENT_INDEXES = (
    IndexModel([("partner_id", 1), ("at", -1), ("_id", -1)], name=NEWEST_INDEX),
    # Each index costs time for every document written in a transaction (docs/decisions/0006). Therefore one index on
    # keys serves queries by kind, by actor and by customer.
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


class EventDraft(Struct):
    """An event to be written; `at` is None for the time of the write."""

    kind: ActivityKind
    subject_id: str
    summary: str
    changes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    at: datetime | None = None
    short_lived: bool = False


def event_document(
    partner_id: str,
    now: datetime,
    shared: Mapping[str, Any],
    draft: EventDraft,
    transition: StatusTransition | None = None,
) -> Document:
    """Return the document of an event; `shared` holds actor, customer, and the facts before and after."""
    document: Document = {
        "_id": new_id("evt"),
        "partner_id": partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "kind": str(draft.kind),
        "at": draft.at or now,
        "subject_id": draft.subject_id,
        "summary": draft.summary,
        "changes": bound_changes(draft.changes),
        "keys": event_keys(str(draft.kind), shared["actor_id"], shared["customer_id"]),
        "is_first_of_change": False,
        "expires_at": now + (SHORT_RETENTION if draft.short_lived else RETENTION),
        **shared,
    }
    if transition is not None:
        document.update(
            entered=[str(status) for status in transition.entered],
            left=[str(status) for status in transition.left],
            statuses=[str(status) for status in transition.statuses],
        )
    return document


def event_of_customer(event: Document, customer_id: str, summary: str, facts_after: Document | None) -> Document:
    """Return an event of one customer as that of another, with an id of its own."""
    about = {"customer_id": customer_id, "subject_id": customer_id, "facts_after": facts_after}
    keys = event_keys(event["kind"], event["actor_id"], customer_id)
    return {**event, **about, "_id": new_id("evt"), "summary": summary, "keys": keys}


def event_keys(kind: str, actor_id: str | None, customer_id: str | None) -> list[str]:
    """Return the keys by which an event is found; no query asks for events without actor or customer."""
    values = {"kind": kind, "actor": actor_id, "customer": customer_id}
    return [event_key(name, value) for name, value in values.items() if value is not None]


def event_key(name: str, value: str) -> str:
    """Return the key of one value."""
    return f"{name}:{value}"


def status_summary(name: str, transition: StatusTransition) -> str:
    """Return a sentence such as `Acme is now over its licenses, no longer on trial`."""
    entered, left = (
        [STATUS_PHRASES[status] for status in statuses] for statuses in (transition.entered, transition.left)
    )
    if not entered:
        return f"{name} is no longer {join_names(left, 'or')}"
    return f"{name} is now {join_names(entered)}" + (f", no longer {join_names(left, 'or')}" if left else "")
