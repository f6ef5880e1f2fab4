"""The mutations of alerts, and the job that ends snoozes; each changes alerts with their events in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.inputs import value_or_none
from domain.integrations.alerts import MAX_ALERTS_PER_CHANGE, MAX_SNOOZE, AcknowledgeAlerts, AlertState, SnoozeAlerts
from domain.messages import translatable
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.database.client import Client, Document, Session, UpdateMany
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.integrations.alert_events import alert_event
from store.integrations.alerts import COLLECTION, Alerts

_WAKE_SIZE = 200


class ChangedAlerts(Struct, frozen=True):
    """The result of a mutation of alerts: their ids, in the order of the input."""

    ids: list[str]


async def acknowledge_alerts(mutation: Mutation[AcknowledgeAlerts]) -> ChangedAlerts:
    """Acknowledge alerts of the caller; those that are resolved stay so."""
    alerts = await _find_alerts(mutation, mutation.input.alerts)
    return await _change(mutation, alerts, {"state": AlertState.ACKNOWLEDGED, "snoozed_until": None}, "acknowledged")


async def snooze_alerts(mutation: Mutation[SnoozeAlerts]) -> ChangedAlerts:
    """Snooze alerts of the caller; those that are resolved stay so."""
    until, now = value_or_none(mutation.input.until), mutation.scope.now
    if until is not None and not now < until <= now + MAX_SNOOZE:
        message = translatable(
            "Alerts can be snoozed until a moment within the next {days} days.", days=MAX_SNOOZE.days
        )
        mutation.checks.add(UserErrorCode.INVALID, message, "until")
    alerts = await _find_alerts(mutation, mutation.input.alerts)
    return await _change(mutation, alerts, {"state": AlertState.SNOOZED, "snoozed_until": until}, "snoozed")


async def next_wake_at(client: Client) -> datetime | None:
    """Return the earliest end of a snooze."""
    where = {"state": AlertState.SNOOZED, "snoozed_until": {"$ne": None}}
    alerts = await client.collection(COLLECTION).find(where, {"snoozed_until": 1}, sort=[("snoozed_until", 1)], limit=1)
    return alerts[0]["snoozed_until"] if alerts else None


async def wake_alerts(client: Client) -> int:
    """Make alerts open again whose snooze is over; return how many there were."""
    where = {"state": AlertState.SNOOZED, "snoozed_until": {"$lte": utc_now()}}
    due = await client.collection(COLLECTION).find(where, sort=[("snoozed_until", 1)], limit=_WAKE_SIZE)
    for partner_id in dict.fromkeys(alert["partner_id"] for alert in due):
        ids = [alert["_id"] for alert in due if alert["partner_id"] == partner_id]
        await _wake(Scope(client, partner_id, utc_now()), ids)
    return len(due)


async def _wake(scope: Scope, ids: Sequence[str]) -> None:
    async def wake(session: Session) -> None:
        where = {**scope.match(), "_id": {"$in": list(ids)}, "snoozed_until": {"$lte": scope.now}}
        alerts = await scope.collection(COLLECTION).find(where, session=session)
        await _write(scope, alerts, {"state": AlertState.OPEN, "snoozed_until": None}, session)
        events = [alert_event(scope, scope.now, alert, "open again") for alert in alerts]
        await scope.collection("events").insert_many(events, session=session)

    await in_transaction(scope.client, wake)


async def _find_alerts(mutation: Mutation[Any], given: Sequence[str]) -> list[Document]:
    """Return the alerts; add NOT_FOUND for each that the caller does not see."""
    checks, scope, session = mutation.checks, mutation.scope, mutation.session
    ids = checks.read_ids(given, translatable("alerts"), "alerts", most=MAX_ALERTS_PER_CHANGE) or []
    own = await Alerts(scope).by_ids(ids, session=session)
    customer_ids = [alert.customer_id for alert in own.values()]
    where = {**scope.match_customers(), "_id": {"$in": customer_ids}}
    customers = await scope.collection("customers").find(where, {"_id": 1}, session=session)
    visible = {customer["_id"] for customer in customers}
    for position, id_ in enumerate(ids):
        if id_ not in own or own[id_].customer_id not in visible:
            checks.add_not_found(translatable("alert of yours"), "alerts", position)
    checks.raise_if_invalid()
    return [own[id_].document for id_ in ids]


async def _change(
    mutation: Mutation[Any], alerts: Sequence[Document], fields: Mapping[str, Any], verb: str
) -> ChangedAlerts:
    changed = [
        alert
        for alert in alerts
        if alert["state"] != AlertState.RESOLVED and any(alert[name] != value for name, value in fields.items())
    ]
    await _write(mutation.scope, changed, {**fields, "changed_by_id": mutation.actor.id}, mutation.session)
    events = [alert_event(mutation.scope, mutation.scope.now, alert, verb, mutation.actor.id) for alert in changed]
    await mutation.scope.collection("events").insert_many(events, session=mutation.session)
    return ChangedAlerts([alert["_id"] for alert in alerts])


async def _write(scope: Scope, alerts: Sequence[Document], fields: Mapping[str, Any], session: Session) -> None:
    change = {"$set": {**fields, "updated_at": scope.now}, "$inc": {"version": 1}}
    where = {**scope.match(), "_id": {"$in": [alert["_id"] for alert in alerts]}}
    if alerts:
        await scope.collection(COLLECTION).bulk_write([UpdateMany(where, change)], session=session)
