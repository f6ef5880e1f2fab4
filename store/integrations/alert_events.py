"""The events of alerts in the log: the feed `alertChanged` follows them.

They belong to no customer: other administrators who see the customer have no part in the alert.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.types import ActivityKind, CustomerStatus
from store.database.client import Document
from store.database.scope import Scope
from store.events.log import NO_CUSTOMER, STATUS_PHRASES, EventDraft, event_document


def alert_event(
    scope: Scope, now: datetime, alert: Mapping[str, Any], state: str, actor_id: str | None = None
) -> Document:
    """Return the event that an alert is in another `state`, such as "opened"."""
    phrase = STATUS_PHRASES[CustomerStatus(alert["status"])]
    draft = EventDraft(
        ActivityKind.ALERT_CHANGED,
        alert["_id"],
        f"Alert {state}: {alert['customer_name']} is {phrase}",
        short_lived=True,
    )
    addressed = {"owner_id": alert["owner_id"], "alert_customer_id": alert["customer_id"]}
    return event_document(scope.partner_id, now, {**NO_CUSTOMER, "actor_id": actor_id, **addressed}, draft)


def hidden_alerts_event(scope: Scope, now: datetime, customer_id: str) -> Document:
    """Return the event of alerts that were removed, because their customer is not visible any more."""
    summary = "The alerts of a customer were removed: it is no longer visible to their owner"
    draft = EventDraft(ActivityKind.ALERT_CHANGED, customer_id, summary, short_lived=True)
    return event_document(scope.partner_id, now, {**NO_CUSTOMER, "actor_id": None}, draft)
