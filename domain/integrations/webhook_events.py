"""Which events a webhook receives, and the body of their deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.customers.conditions import AllOf
from domain.customers.filter import parse_filter
from domain.customers.matching import MatchedValues, matches
from domain.partner.activity import FieldChange
from domain.time.instants import format_instant
from domain.types import ActivityKind


class WebhookCondition(Struct, frozen=True):
    """The events that a webhook chooses; an empty set stands for every kind or status, None for every customer."""

    kinds: frozenset[str]
    statuses: frozenset[str]
    customers: AllOf | None

    @classmethod
    def of(
        cls, kinds: Iterable[str], statuses: Iterable[str], raw_filter: Mapping[str, Any] | None
    ) -> "WebhookCondition":
        """Return the condition of a stored webhook."""
        customers = parse_filter(raw_filter) if raw_filter else None
        return cls(frozenset(kinds), frozenset(statuses), customers)

    def chooses(self, event: Mapping[str, Any], facts: Sequence[MatchedValues | None]) -> bool:
        """Return whether the webhook receives the event; `facts` are the customer's before and after it.

        With a filter, an event is received where its customer matched before or after it.
        """
        if self.kinds and event["kind"] not in self.kinds:
            return False
        is_status_change = event["kind"] == ActivityKind.STATUS_CHANGED
        if self.statuses and is_status_change and self.statuses.isdisjoint((*event["entered"], *event["left"])):
            return False
        customers = self.customers
        return customers is None or any(each is not None and matches(customers, each) for each in facts)


class EventDetails(Struct, frozen=True):
    """What the body shows besides the event itself, as of delivery; None where there is none."""

    actor: Mapping[str, Any] | None
    customer: Mapping[str, Any] | None
    changes: Sequence[FieldChange]


def event_type(kind: str) -> str:
    """Return the type of a delivery: `status.changed` for STATUS_CHANGED."""
    return kind.lower().replace("_", ".")


def delivery_body(event: Mapping[str, Any], details: EventDetails, cursor: str) -> dict[str, Any]:
    """Return the body of the delivery of a stored event, as JSON data."""
    return {
        "type": event_type(event["kind"]),
        "timestamp": format_instant(event["at"]),
        "data": {
            "id": event["_id"],
            "kind": event["kind"],
            "at": format_instant(event["at"]),
            "actor": details.actor,
            "customer": details.customer,
            "subjectId": event["subject_id"],
            "summary": event["summary"],
            "entered": event.get("entered", []),
            "left": event.get("left", []),
            "statuses": event.get("statuses", []),
            "changes": [
                {"field": change.field, "before": change.before, "after": change.after} for change in details.changes
            ],
            "cursor": cursor,
        },
    }


def sample_body(sample_id: str, now: datetime) -> dict[str, Any]:
    """Return the body of the sample event, which is of no kind of the log."""
    at = format_instant(now)
    data = {"id": sample_id, "kind": None, "at": at, "summary": "This is a sample event"}
    return {"type": "webhook.test", "timestamp": at, "data": data}
