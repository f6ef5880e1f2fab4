"""The mutations of webhooks; each function is the body of one transaction."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from domain.cursors.feed import Position
from domain.inputs import ABSENT, Omittable
from domain.integrations.webhook_addresses import WebhookPolicy, is_webhook_url, literal_address
from domain.integrations.webhook_signatures import SEED_BYTES
from domain.integrations.webhooks import (
    DELIVERY_RETENTION,
    MAX_NAME_LENGTH,
    MAX_URL_LENGTH,
    MAX_WEBHOOKS,
    CreateWebhook,
    DeleteWebhook,
    ReplayWebhook,
    RotateWebhookSecret,
    SendWebhookSample,
    UpdateWebhook,
    WebhookDeliveryState,
    WebhookState,
)
from domain.messages import translatable
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import ChangedObject, Mutation
from store.database.client import Document
from store.database.ids import new_id
from store.events.log import EventDraft
from store.integrations.event_filters import read_event_filter
from store.integrations.webhooks import COLLECTION, DELIVERIES, position_document

# Returns the position from which a webhook receives events; None for an invalid cursor.
ReadStart = Callable[[], Position | None]
_WEBHOOK = translatable("webhook")
# The fields of an event's changes. The path of an address can be a secret, and more administrators read the log.
_SHOWN_FIELDS = ("name", "kinds", "statuses", "filter", "state")


class WebhookSecretResult(Struct, frozen=True):
    """The result of a mutation that returns a secret: the webhook, and the number of its secret."""

    id: str
    secret_number: int


async def create_webhook(
    mutation: Mutation[CreateWebhook], policy: WebhookPolicy, read_start: ReadStart
) -> WebhookSecretResult:
    """Insert a webhook that receives the events after the start."""
    checks, given, now = mutation.checks, mutation.input, mutation.scope.now
    fields = {
        "name": checks.read_line(given.name, MAX_NAME_LENGTH, translatable("The webhook's name"), "name"),
        "url": _read_url(mutation, given.url, policy),
        "kinds": _read_list(given.kinds) or [],
        "statuses": _read_list(given.statuses) or [],
        "filter": read_event_filter(checks, given.filter),
    }
    start = _read_start(mutation, read_start)
    await _check_limit(mutation)
    position = position_document(checks.require(start))
    new = {"_id": new_id("whk"), **mutation.scope.match(), "version": 1, "created_at": now, "updated_at": now}
    secret = {"seed": secrets.token_bytes(SEED_BYTES), "secret_number": 1, "rotated_at": None}
    progress = {"position": position, "pending": None, "failing_since": None}
    webhook = {**new, **fields, **secret, **progress, "state": WebhookState.ACTIVE, "creator_id": mutation.actor.id}
    await mutation.scope.collection(COLLECTION).insert_many([webhook], session=mutation.session)
    _add_event(mutation, webhook, "was created", {name: [None, webhook[name]] for name in _SHOWN_FIELDS})
    return WebhookSecretResult(webhook["_id"], 1)


async def update_webhook(mutation: Mutation[UpdateWebhook], policy: WebhookPolicy) -> ChangedObject:
    """Change the fields that the input contains; to end a pause makes a disabled webhook active again, too.

    A delivery that waits for its next attempt is tried at once at a new address, and after a pause.
    """
    given, checks = mutation.input, mutation.checks
    webhook = await _find(mutation, given.id)
    checks.check_version(given.version, webhook["version"], translatable("The webhook"))
    fields: Document = {}
    if given.name is not ABSENT:
        what = translatable("The webhook's name")
        fields["name"] = checks.read_line(given.name, MAX_NAME_LENGTH, what, "name")
    if given.url is not ABSENT:
        fields["url"] = _read_url(mutation, given.url, policy)
    for name, values in (("kinds", given.kinds), ("statuses", given.statuses)):
        if values is not ABSENT:
            fields[name] = _read_list(values) or []
    if given.filter is not ABSENT:
        fields["filter"] = read_event_filter(checks, given.filter)
    if given.paused is None:
        checks.add(UserErrorCode.INVALID, translatable("A webhook is paused or not: give true or false."), "paused")
    elif given.paused is not ABSENT:
        fields["state"] = WebhookState.PAUSED if given.paused else WebhookState.ACTIVE
    checks.raise_if_invalid()
    changes = {name: [webhook[name], value] for name, value in fields.items() if webhook[name] != value}
    if changes:
        await _update(mutation, webhook, {**fields, **_begun_again(mutation, webhook, changes)})
        shown = {name: pair for name, pair in changes.items() if name in _SHOWN_FIELDS}
        _add_event(mutation, {**webhook, **fields}, "was changed", shown)
    return ChangedObject(webhook["_id"])


def _begun_again(mutation: Mutation[Any], webhook: Document, changes: Mapping[str, Any]) -> Document:
    """Return what else changes where the next attempt has better prospects than the last one."""
    is_resumed = "state" in changes and changes["state"][1] == WebhookState.ACTIVE
    again: Document = {"failing_since": None} if is_resumed else {}
    if webhook["pending"] is not None and (is_resumed or "url" in changes):
        again["pending"] = {**webhook["pending"], "next_attempt_at": mutation.scope.now}
    return again


async def delete_webhook(mutation: Mutation[DeleteWebhook]) -> ChangedObject:
    """Delete a webhook with its deliveries."""
    webhook = await _find(mutation, mutation.input.id)
    scope, session = mutation.scope, mutation.session
    await scope.collection(COLLECTION).delete_many({**scope.match(), "_id": webhook["_id"]}, session=session)
    await scope.collection(DELIVERIES).delete_many({**scope.match(), "webhook_id": webhook["_id"]}, session=session)
    _add_event(mutation, webhook, "was deleted", {})
    return ChangedObject(webhook["_id"])


async def rotate_webhook_secret(mutation: Mutation[RotateWebhookSecret]) -> WebhookSecretResult:
    """Replace the secret; the former one also signs for 24 hours."""
    webhook = await _find(mutation, mutation.input.id)
    number = webhook["secret_number"] + 1
    await _update(mutation, webhook, {"secret_number": number, "rotated_at": mutation.scope.now})
    _add_event(mutation, webhook, "got a new secret", {})
    return WebhookSecretResult(webhook["_id"], number)


async def replay_webhook(mutation: Mutation[ReplayWebhook], read_start: ReadStart) -> ChangedObject:
    """Deliver the events after the cursor again, and after them all that follow."""
    webhook = await _find(mutation, mutation.input.id)
    position = position_document(mutation.checks.require(_read_start(mutation, read_start)))
    await _update(mutation, webhook, {"position": position, "pending": None})
    _add_event(mutation, webhook, "delivers earlier events again", {})
    return ChangedObject(webhook["_id"])


async def test_webhook(mutation: Mutation[SendWebhookSample]) -> ChangedObject:
    """Insert the delivery of a sample event, without an attempt; return the delivery."""
    webhook, now = await _find(mutation, mutation.input.id), mutation.scope.now
    stamps = {**mutation.scope.match(), "version": 1, "created_at": now, "updated_at": now}
    ids = {"_id": new_id("dlv"), "webhook_id": webhook["_id"], "event_id": new_id("evt")}
    attempt = {"state": WebhookDeliveryState.FAILED, "attempts": 0, "attempted_at": now, "milliseconds": 0}
    result = {"error": "The sample was not sent to its end.", "expires_at": now + DELIVERY_RETENTION}
    delivery = {**ids, **stamps, **attempt, **result}
    await mutation.scope.collection(DELIVERIES).insert_many([delivery], session=mutation.session)
    _add_event(mutation, webhook, "was tested", {})
    return ChangedObject(delivery["_id"])


async def _find(mutation: Mutation[Any], webhook_id: str) -> Document:
    where = {**mutation.scope.match(), "_id": webhook_id}
    webhook = await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)
    if webhook is None:
        mutation.checks.add_not_found(_WEBHOOK, "id")
    return mutation.checks.require(webhook)


async def _update(mutation: Mutation[Any], webhook: Document, fields: Mapping[str, Any]) -> None:
    # The version is also the fence of deliveries: one that began before the change cannot move the position any more.
    change = {"$set": {**fields, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
    where = {**mutation.scope.match(), "_id": webhook["_id"]}
    await mutation.scope.collection(COLLECTION).update_one(where, change, session=mutation.session)


def _add_event(mutation: Mutation[Any], webhook: Document, verb: str, changes: Mapping[str, Sequence[Any]]) -> None:
    summary = f"Webhook {webhook['name']} {verb}"
    mutation.add_event(EventDraft(ActivityKind.WEBHOOK_CHANGED, webhook["_id"], summary, changes))


def _read_url(mutation: Mutation[Any], given: Omittable[str], policy: WebhookPolicy) -> str | None:
    checks = mutation.checks
    url = checks.read_line(given, MAX_URL_LENGTH, translatable("The webhook's address"), "url")
    if url is None:
        return None
    if not is_webhook_url(url, policy):
        message = translatable("The address must begin with https:// and name a host, in ASCII, without a user name.")
        checks.add(UserErrorCode.INVALID, message, "url")
    elif (address := literal_address(url)) is not None and not policy.allows(address):
        message = translatable("The address is one of a private network, which webhooks do not reach.")
        checks.add(UserErrorCode.INVALID, message, "url")
    return url


def _read_list(given: Omittable[tuple[Any, ...]]) -> list[str] | None:
    return list(dict.fromkeys(map(str, given))) if isinstance(given, tuple) else None


def _read_start(mutation: Mutation[Any], read_start: ReadStart) -> Position | None:
    start = read_start()
    if start is None:
        mutation.checks.add(UserErrorCode.INVALID, translatable("This is no cursor of a feed."), "after")
    return start


async def _check_limit(mutation: Mutation[Any]) -> None:
    """Add LIMIT_REACHED for one webhook too many; the guard makes two concurrent mutations conflict."""
    scope, session = mutation.scope, mutation.session
    guard = {"$inc": {"webhooks_guard": 1}}
    await scope.collection("partners").update_one(scope.match(), guard, session=session)
    webhooks = scope.collection(COLLECTION)
    if len(await webhooks.find(scope.match(), {"_id": 1}, limit=MAX_WEBHOOKS, session=session)) == MAX_WEBHOOKS:
        message = translatable("A partner has at most {most} webhooks: delete one first.", most=MAX_WEBHOOKS)
        mutation.checks.add(UserErrorCode.LIMIT_REACHED, message)
