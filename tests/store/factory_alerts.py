"""Alert rules and alerts as they are stored, without the process that makes alerts."""

from typing import Any

from domain.cursors.feed import Position
from store.database.ids import new_id
from store.database.scope import Scope
from store.integrations.alerts import COLLECTION, PROGRESS, RULES
from store.integrations.webhooks import position_document


def _stamps(scope: Scope) -> dict[str, Any]:
    return {**scope.match(), "version": 1, "created_at": scope.now, "updated_at": scope.now}


async def add_alert_rule(scope: Scope, owner_id: str, **fields: Any) -> str:
    """Insert a rule that no process follows; return its id."""
    watched = {"name": "Suspended", "statuses": ["SUSPENDED"], "filter": None, "paused": False}
    mailed = {"schedule": "AT_ONCE", "email": False, "time_zone": "UTC", "language": "en", "mailed_from": scope.now}
    state: dict[str, Any] = {"owner_id": owner_id, "deleted_at": None, "scan": None, "mail": {}}
    rule = {"_id": new_id("alr"), **_stamps(scope), **watched, **mailed, **state}
    await scope.collection(RULES).insert_many([{**rule, **fields}])
    return str({**rule, **fields}["_id"])


async def add_alert(scope: Scope, owner_id: str, rule_id: str, customer_id: str, **fields: Any) -> str:
    """Insert an open alert; return its id."""
    about = {"owner_id": owner_id, "rule_id": rule_id, "customer_id": customer_id, "customer_name": "Acme"}
    times = {"opened_at": scope.now, "entered_at": scope.now, "since": scope.now, "expires_at": None}
    states = {"status": "SUSPENDED", "reason": None, "state": "OPEN", "snoozed_until": None, "changed_by_id": None}
    alert = {"_id": new_id("alt"), **_stamps(scope), **about, **times, **states, **fields}
    await scope.collection(COLLECTION).insert_many([alert])
    return str(alert["_id"])


async def add_progress(scope: Scope, position: Position) -> None:
    """Insert the progress of the partner: the process that makes alerts continues after the position."""
    progress = {"_id": scope.partner_id, **_stamps(scope), "position": position_document(position)}
    await scope.collection(PROGRESS).insert_many([progress])
