"""What the process that sends deliveries reads and writes.

The position of a webhook moves in the transaction that records the delivery, and only from where the process has read
it, in the version that it has read. So a process that dies repeats a delivery and never skips one, and two processes
never move the position past each other. Deliveries of several webhooks that end together are one transaction.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from domain.cursors.feed import Position
from domain.integrations.webhook_events import EventDetails
from domain.integrations.webhook_retries import is_disabled
from domain.integrations.webhooks import DELIVERY_RETENTION, WebhookDeliveryState, WebhookState
from domain.permissions import Permission, can_see_all_customers, has_permission
from domain.types import ActivityKind
from store.customers.customers import Customers
from store.database.client import Client, Document, Session, UpdateOne
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.events.activity import Activity
from store.events.log import NO_CUSTOMER, EventDraft, event_document
from store.integrations.mail_outbox import add_webhook_mail
from store.integrations.webhooks import COLLECTION, DELIVERIES, WebhookDocument, position_document
from store.tenants.administrators import Administrators

Read = TypeVar("Read")


class DeliveryAttempt(Struct, frozen=True):
    """The last attempt of a delivery, with what it means for the delivery."""

    delivery_id: str
    event_id: str
    event_at: datetime
    position: Position
    state: WebhookDeliveryState
    attempts: int
    first_attempt_at: datetime
    attempted_at: datetime
    milliseconds: int
    response_status: int | None = None
    error: str | None = None
    next_attempt_at: datetime | None = None


class Delivery(NamedTuple):
    """An attempt, and the webhook as it was before."""

    scope: Scope
    webhook: WebhookDocument
    attempt: DeliveryAttempt


class _Changed(Exception):
    """A webhook was changed, or another process delivers for it."""


class ActiveWebhook(NamedTuple):
    """A webhook that is to be served."""

    partner_id: str
    version: int


async def active_webhooks(client: Client) -> dict[str, ActiveWebhook]:
    """Return the active webhooks of all partners, by id."""
    fields = {"partner_id": 1, "version": 1}
    documents = await client.collection(COLLECTION).find({"state": WebhookState.ACTIVE}, fields)
    return {document["_id"]: ActiveWebhook(document["partner_id"], document["version"]) for document in documents}


async def load_webhook(scope: Scope, webhook_id: str) -> WebhookDocument | None:
    """Return the webhook where it is active."""
    where = {**scope.match(), "_id": webhook_id, "state": WebhookState.ACTIVE}
    document = await scope.collection(COLLECTION).find_one(where)
    return None if document is None else WebhookDocument(document)


async def find_creator_scope(scope: Scope, creator_id: str) -> Scope | None:
    """Return the scope of a webhook's creator; None where they have no access any more."""
    creator = await Administrators(scope).find_active(creator_id)
    return None if creator is None else replace(scope, administrator_id=creator.id, role=creator.role)


async def read_details(creator: Scope, event: Document) -> EventDetails | None:
    """Return what the body of a delivery shows besides the event; None where the creator may not see the event."""
    role, customer_id, actor_id = creator.role, event["customer_id"], event["actor_id"]
    if role is None or not has_permission(role, Permission.READ_ACTIVITY):
        return None
    # At once: on a busy machine, each round trip waits for a turn of both processes.
    customers, actors, changes = await asyncio.gather(
        _read_one(customer_id, Customers(creator).by_ids),
        _read_one(actor_id, Administrators(creator).by_ids),
        Activity(creator).changes([event["_id"]]),
    )
    is_own = actor_id == creator.administrator_id
    if not (can_see_all_customers(role) or is_own or customers):
        return None
    return EventDetails(
        actor=next(({"id": each.id, "displayName": each.display_name} for each in actors.values()), None),
        customer=next(
            ({"id": each.id, "externalId": each.external_id, "name": each.name} for each in customers.values()), None
        ),
        changes=changes.get(event["_id"], []),
    )


async def _read_one(id_: str | None, read: Callable[[list[str]], Awaitable[dict[str, Read]]]) -> dict[str, Read]:
    return {} if id_ is None else await read([id_])


async def move_position(scope: Scope, webhook: WebhookDocument, position: Position) -> bool:
    """Record that no event up to the position has to be delivered; return False where the webhook was changed."""
    change = {"$set": {"position": position_document(position)}}
    return bool(await scope.collection(COLLECTION).update_one(_unchanged(scope, webhook), change))


async def record_deliveries(client: Client, deliveries: Sequence[Delivery]) -> list[bool]:
    """Record attempts with their effects; return for each whether it is recorded: not where its webhook was changed."""
    try:
        await in_transaction(client, lambda session: _record_deliveries(client, deliveries, session))
    except _Changed:
        if len(deliveries) == 1:
            return [False]
        # One at a time: only those of changed webhooks are not recorded.
        return [recorded for each in deliveries for recorded in await record_deliveries(client, [each])]
    return [True] * len(deliveries)


async def _record_deliveries(client: Client, deliveries: Sequence[Delivery], session: Session) -> None:
    moves = [UpdateOne(_unchanged(each.scope, each.webhook), _webhook_change(each)) for each in deliveries]
    if await client.collection(COLLECTION).bulk_write(moves, session=session) < len(deliveries):
        raise _Changed
    for scope, webhook, _ in filter(_disables, deliveries):
        verb = "was disabled: every delivery has failed for five days"
        await _add_event(scope, webhook, verb, WebhookState.DISABLED, session)
        await add_webhook_mail(scope, webhook.id, session)
    await client.collection(DELIVERIES).bulk_write(list(map(_delivery_write, deliveries)), session=session)


async def pause_without_creator(scope: Scope, webhook: WebhookDocument) -> None:
    """Pause a webhook whose creator was removed."""

    async def pause(session: Session) -> None:
        changed = {"state": WebhookState.PAUSED, "updated_at": utc_now()}
        change = {"$set": changed, "$inc": {"version": 1}}
        if await scope.collection(COLLECTION).update_one(_unchanged(scope, webhook), change, session=session):
            await _add_event(scope, webhook, "was paused: its creator was removed", WebhookState.PAUSED, session)

    await in_transaction(scope.client, pause)


async def claim_sample(scope: Scope, delivery_id: str) -> tuple[WebhookDocument, str] | None:
    """Return the webhook and the event's id of a sample that was not sent yet; nobody else gets it afterwards."""
    where = {**scope.match(), "_id": delivery_id, "attempts": 0}
    delivery = await scope.collection(DELIVERIES).find_one_and_update(where, {"$set": {"attempts": 1}})
    if delivery is None:
        return None
    webhook = await scope.collection(COLLECTION).find_one({**scope.match(), "_id": delivery["webhook_id"]})
    return None if webhook is None else (WebhookDocument(webhook), delivery["event_id"])


async def record_sample(scope: Scope, delivery_id: str, result: Mapping[str, Any]) -> None:
    """Record the result of a sample (state, response_status, error, milliseconds); the webhook stays as it is."""
    now = utc_now()
    change = {"$set": {**result, "attempted_at": now, "updated_at": now}, "$inc": {"version": 1}}
    await scope.collection(DELIVERIES).update_one({**scope.match(), "_id": delivery_id}, change)


def _unchanged(scope: Scope, webhook: WebhookDocument) -> Document:
    is_active = {"state": WebhookState.ACTIVE, "version": webhook.version}
    return {**scope.match(), "_id": webhook.id, **is_active, "position": position_document(webhook.position)}


def _disables(delivery: Delivery) -> bool:
    """Return whether the attempt failed, as all others of the webhook have for days."""
    _, webhook, attempt = delivery
    is_failure = attempt.state is not WebhookDeliveryState.DELIVERED
    return is_failure and is_disabled(webhook.failing_since or attempt.attempted_at, attempt.attempted_at)


def _webhook_change(delivery: Delivery) -> Document:
    """Return the effect of the attempt on the webhook."""
    _, webhook, attempt = delivery
    is_delivered = attempt.state is WebhookDeliveryState.DELIVERED
    failing_since = None if is_delivered else webhook.failing_since or attempt.attempted_at
    fields: Document = {"failing_since": failing_since, "pending": None}
    is_retrying, disables = attempt.state is WebhookDeliveryState.RETRYING, _disables(delivery)
    if not is_retrying:
        fields["position"] = position_document(attempt.position)
    elif not disables:
        fields["pending"] = _pending(attempt)
    if not disables:
        return {"$set": fields}
    disabled = {"state": WebhookState.DISABLED, "updated_at": attempt.attempted_at}
    return {"$set": {**fields, **disabled}, "$inc": {"version": 1}}


def _pending(attempt: DeliveryAttempt) -> Document:
    names = ("delivery_id", "event_id", "event_at", "attempts", "first_attempt_at", "next_attempt_at")
    return {name: getattr(attempt, name) for name in names}


def _delivery_write(delivery: Delivery) -> UpdateOne:
    scope, webhook, attempt = delivery
    shown = ("attempts", "attempted_at", "milliseconds", "response_status", "error", "next_attempt_at")
    changed: dict[str, Any] = {name: getattr(attempt, name) for name in shown}
    changed |= {"state": attempt.state, "updated_at": attempt.attempted_at}
    changed["expires_at"] = attempt.attempted_at + DELIVERY_RETENTION
    first = {"webhook_id": webhook.id, "event_id": attempt.event_id, "created_at": attempt.first_attempt_at}
    change = {"$set": changed, "$setOnInsert": first, "$inc": {"version": 1}}
    return UpdateOne({**scope.match(), "_id": attempt.delivery_id}, change, upsert=True)


async def _add_event(scope: Scope, webhook: WebhookDocument, verb: str, state: WebhookState, session: Session) -> None:
    changes: dict[str, Sequence[Any]] = {"state": [WebhookState.ACTIVE, state]}
    draft = EventDraft(ActivityKind.WEBHOOK_CHANGED, webhook.id, f"Webhook {webhook.name} {verb}", changes)
    event = event_document(scope.partner_id, utc_now(), {**NO_CUSTOMER, "actor_id": None}, draft)
    await scope.collection("events").insert_many([event], session=session)
