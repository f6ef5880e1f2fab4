"""What the process that makes alerts reads and writes.

The progress of a partner has the position in the log up to which its alerts are made. It moves in the transaction that
writes the alerts, and only from where the process has read it. So a process that dies neither doubles nor loses an
alert, and two processes never make alerts of one partner at the same time.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime

from msgspec.structs import replace

from domain.cursors.feed import Position
from domain.integrations.alert_changes import AlertChanges, AlertKey, RuleCondition, TrackedAlert
from domain.integrations.alerts import RESOLVED_RETENTION, AlertState
from domain.permissions import can_see_all_customers
from domain.types import AdministratorState, PartnerRole
from store.database.client import Client, Document, Session, UpdateMany
from store.database.ids import new_id
from store.database.scope import Scope
from store.integrations.alert_events import alert_event, hidden_alerts_event
from store.integrations.alert_mail import reserve_messages
from store.integrations.alerts import COLLECTION, CUSTOMER_INDEX, PROGRESS, RULES
from store.integrations.webhooks import parse_position, position_document

_FACTS = {"name": 1, "status_details": 1}


def new_scan(mailed_from: datetime) -> Document:
    """Return the scan of a rule: first over its alerts, then over the customers, each after the last one read.

    No e-mail is sent for the statuses that customers had entered before `mailed_from`.
    """
    return {"is_over_alerts": True, "after": None, "mailed_from": mailed_from}


class Superseded(Exception):
    """Another process makes the alerts of the partner, or a rule was changed meanwhile: read everything again."""


async def partners_with_rules(client: Client) -> dict[str, str]:
    """Return the ids of the partners for which alerts are made."""
    documents = await client.collection(PROGRESS).find({}, {"partner_id": 1})
    return {document["_id"]: document["partner_id"] for document in documents}


async def read_position(scope: Scope) -> Position | None:
    """Return the position up to which the partner's alerts are made; None where it has no rules any more."""
    progress = await scope.collection(PROGRESS).find_one({**scope.match(), "_id": scope.partner_id})
    return None if progress is None else parse_position(progress["position"])


async def move_position(scope: Scope, before: Position, after: Position, session: Session = None) -> None:
    """Move the position; raise Superseded where it is not where this process has read it."""
    where = {**scope.match(), "_id": scope.partner_id, "position": position_document(before)}
    change = {"$set": {"position": position_document(after), "updated_at": scope.now}}
    if not await scope.collection(PROGRESS).update_one(where, change, session=session):
        raise Superseded


async def find_rules(scope: Scope, session: Session = None) -> list[Document]:
    """Return the stored rules, also deleted ones."""
    return await scope.collection(RULES).find(scope.match(), sort=[("_id", 1)], session=session)


async def read_conditions(scope: Scope, rules: Iterable[Document], session: Session) -> list[RuleCondition]:
    """Return the conditions of the rules that are not deleted, with their owners as they are now."""
    living = [rule for rule in rules if rule["deleted_at"] is None]
    owners = await read_owners(scope, {rule["owner_id"] for rule in living}, session)
    return [
        RuleCondition.of(
            rule,
            restricted_to=_restricted_id(owners.get(rule["owner_id"])),
            has_owner=rule["owner_id"] in owners,
        )
        for rule in living
    ]


async def read_owners(scope: Scope, ids: Iterable[str], session: Session = None) -> dict[str, Scope]:
    """Return the scopes of the administrators with these ids who are ACTIVE, by id."""
    where = {**scope.match(), "_id": {"$in": sorted(ids)}, "state": AdministratorState.ACTIVE}
    administrators = await scope.collection("administrators").find(where, {"role": 1}, session=session)
    return {
        each["_id"]: replace(scope, administrator_id=each["_id"], role=PartnerRole(each["role"]))
        for each in administrators
    }


def _restricted_id(owner: Scope | None) -> str | None:
    is_restricted = owner is not None and owner.role is not None and not can_see_all_customers(owner.role)
    return owner.administrator_id if owner is not None and is_restricted else None


async def find_held_alerts(scope: Scope, customer_ids: Iterable[str], session: Session) -> list[TrackedAlert]:
    """Return the alerts of the customers that are not resolved."""
    where = {
        **scope.match(),
        "customer_id": {"$in": sorted(set(customer_ids))},
        "state": {"$ne": AlertState.RESOLVED},
    }
    documents = await scope.collection(COLLECTION).find(where, hint=CUSTOMER_INDEX, session=session)
    return list(map(tracked, documents))


def tracked(alert: Document) -> TrackedAlert:
    """Return a stored alert as the rules read it."""
    key = AlertKey(alert["rule_id"], alert["customer_id"], alert["status"])
    return TrackedAlert(
        key, alert["owner_id"], alert["entered_at"], alert["_id"], alert["state"] == AlertState.RESOLVED
    )


async def write_changes(scope: Scope, changes: AlertChanges, session: Session) -> None:
    """Write the alerts with their events."""
    details = await _read_details(scope, {alert.key.customer_id for alert in changes.opened}, session)
    mailed = [alert for alert in changes.opened if alert.is_mailed and not alert.is_resolved]
    messages = await reserve_messages(scope, {alert.key.rule_id for alert in mailed}, session)
    opened = [_new_document(scope, alert, details.get(alert.key.customer_id), messages) for alert in changes.opened]
    await scope.collection(COLLECTION).insert_many(opened, session=session)
    resolved = await _resolve(scope, [alert.id for alert in changes.resolved if alert.id is not None], session)
    hidden = await _delete_hidden(scope, changes.hidden, session)
    events = [alert_event(scope, scope.now, alert, "opened") for alert in opened]
    events += [
        alert_event(scope, scope.now, alert, "resolved")
        for alert in (*(each for each in opened if each["state"] == AlertState.RESOLVED), *resolved)
    ]
    events += [hidden_alerts_event(scope, scope.now, customer_id) for customer_id in hidden]
    await scope.collection("events").insert_many(events, session=session)


async def _read_details(scope: Scope, customer_ids: Iterable[str], session: Session) -> dict[str, Document]:
    """Return name and statuses of the customers, as they are now."""
    ids = sorted(customer_ids)
    if not ids:
        return {}
    where = {**scope.match(), "_id": {"$in": ids}}
    return {each["_id"]: each for each in await scope.collection("customers").find(where, _FACTS, session=session)}


def _new_document(
    scope: Scope, alert: TrackedAlert, customer: Document | None, messages: Mapping[str, str]
) -> Document:
    rule_id, customer_id, status = alert.key
    details = () if customer is None else customer["status_details"]
    # A status that has been left since has no details any more.
    detail = next((each for each in details if each["status"] == status), None)
    ids = {"rule_id": rule_id, "owner_id": alert.owner_id, "customer_id": customer_id, "changed_by_id": None}
    stamps = {**scope.match(), "version": 1, "created_at": scope.now, "updated_at": scope.now, "opened_at": scope.now}
    return {
        "_id": new_id("alt"),
        **stamps,
        **ids,
        "customer_name": "a customer" if customer is None else customer["name"],
        "status": status,
        "entered_at": alert.entered_at,
        "since": alert.entered_at if detail is None else detail["since"],
        "reason": None if detail is None else detail["reason"],
        "snoozed_until": None,
        **_state_fields(alert.is_resolved, scope.now),
        **({"mail": messages[rule_id]} if alert.is_mailed and not alert.is_resolved else {}),
    }


def _state_fields(is_resolved: bool, now: datetime) -> Document:
    if not is_resolved:
        return {"state": AlertState.OPEN, "expires_at": None}
    return {"state": AlertState.RESOLVED, "expires_at": now + RESOLVED_RETENTION}


async def _resolve(scope: Scope, ids: Sequence[str], session: Session) -> list[Document]:
    """Resolve the alerts; return them."""
    if not ids:
        return []
    where = {**scope.match(), "_id": {"$in": list(ids)}}
    fields = {**_state_fields(True, scope.now), "snoozed_until": None, "updated_at": scope.now}
    change = UpdateMany(where, {"$set": fields, "$inc": {"version": 1}})
    await scope.collection(COLLECTION).bulk_write([change], session=session)
    return await scope.collection(COLLECTION).find(where, session=session)


async def _delete_hidden(scope: Scope, hidden: Set[tuple[str, str | None]], session: Session) -> list[str]:
    """Delete the alerts, also resolved ones; return the ids of the customers that had some."""
    if not hidden:
        return []
    where = {**scope.match(), "customer_id": {"$in": sorted({customer_id for customer_id, _ in hidden})}}
    fields = {"customer_id": 1, "owner_id": 1}
    alerts = await scope.collection(COLLECTION).find(where, fields, session=session)
    gone = [each for each in alerts if not hidden.isdisjoint(_owners(each))]
    await delete_alerts(scope, [alert["_id"] for alert in gone], session)
    return list(dict.fromkeys(alert["customer_id"] for alert in gone))


def _owners(alert: Document) -> tuple[tuple[str, str | None], ...]:
    return (alert["customer_id"], alert["owner_id"]), (alert["customer_id"], None)


async def delete_alerts(scope: Scope, ids: Sequence[str], session: Session) -> None:
    """Delete the alerts with these ids."""
    await scope.collection(COLLECTION).delete_many({**scope.match(), "_id": {"$in": list(ids)}}, session=session)
