"""Webhooks and their deliveries, the mutations of webhooks, and the fields of their payloads."""

from asyncio import gather
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from domain.cursors.feed import Position
from domain.failures import InvalidCursor
from domain.inputs import value_or_none
from domain.integrations.webhook_signatures import format_secret, secret_key
from domain.integrations.webhooks import (
    CreateWebhook,
    DeleteWebhook,
    ReplayWebhook,
    RotateWebhookSecret,
    SendWebhookSample,
    UpdateWebhook,
    WebhookDeliveryState,
)
from domain.partner.views import filter_to_api
from jobs.integrations.webhook_samples import send_sample
from resolvers.connections import Connection, build_connection
from resolvers.context import Context
from resolvers.mutations import MutationResult, ObjectResult, changed_id, run_mutation
from store.changes.mutations import ChangedObject, MutationRequest
from store.database.stored_fields import Projection
from store.events.activity import EventDocument
from store.feed.feed import Feed
from store.integrations import webhook_changes
from store.integrations.webhook_changes import WebhookSecretResult
from store.integrations.webhooks import WebhookDeliveryDocument, WebhookDocument, Webhooks
from store.tenants.administrators import AdministratorDocument

SecretResult = MutationResult[WebhookSecretResult]


async def webhooks(context: Context, _root: None) -> list[WebhookDocument]:
    return await Webhooks(context.scope).all()


def filter_of(_context: Context, webhook: WebhookDocument) -> dict[str, Any] | None:
    return filter_to_api(webhook.raw_filter)


async def created_by(
    context: Context, webhooks: Sequence[WebhookDocument], projection: Projection = None
) -> list[AdministratorDocument | None]:
    return await context.loaders.find_administrators([webhook.creator_id for webhook in webhooks], projection)


def cursor(context: Context, webhook: WebhookDocument) -> str:
    text: str = context.feed.cursor(context.scope.partner_id, webhook.position)
    return text


def lag_seconds(context: Context, webhook: WebhookDocument) -> float:
    """Return the age of the next event behind the position, read from memory; 0 where there is none.

    Where the memory does not reach back that far, it is the age of the position.
    """
    partner_id, position = context.scope.partner_id, webhook.position
    if not context.feed.covers(partner_id, position):
        began_at = datetime.fromtimestamp(position.time >> 32, UTC).replace(tzinfo=None)
    elif waiting := context.feed.read_segment(partner_id, position).events:
        began_at = waiting[0].document["created_at"]
    else:
        return 0.0
    return max(0.0, (context.scope.now - began_at).total_seconds())


async def deliveries(
    context: Context,
    webhooks: Sequence[WebhookDocument],
    with_page: bool,
    state: Sequence[WebhookDeliveryState] | None = None,
    **page: Any,
) -> list[Connection[WebhookDeliveryDocument]]:
    listings = [Webhooks(context.scope).deliveries(webhook.id, state) for webhook in webhooks]
    return await gather(*(build_connection(listing, with_page, **page) for listing in listings))


async def delivered_event(
    context: Context, deliveries: Sequence[WebhookDeliveryDocument]
) -> list[EventDocument | None]:
    return await context.loaders.events.load_all([delivery.event_id for delivery in deliveries])


async def create_webhook(context: Context, request: MutationRequest[CreateWebhook]) -> SecretResult:
    after, policy = value_or_none(request.input.after), context.installation.webhook_policy
    read_start = partial(_read_start, context, after)
    body = partial(webhook_changes.create_webhook, policy=policy, read_start=read_start)
    return await run_mutation(context, request, body, WebhookSecretResult)


async def update_webhook(context: Context, request: MutationRequest[UpdateWebhook]) -> ObjectResult:
    body = partial(webhook_changes.update_webhook, policy=context.installation.webhook_policy)
    return await run_mutation(context, request, body, ChangedObject)


async def delete_webhook(context: Context, request: MutationRequest[DeleteWebhook]) -> ObjectResult:
    return await run_mutation(context, request, webhook_changes.delete_webhook, ChangedObject)


async def rotate_webhook_secret(context: Context, request: MutationRequest[RotateWebhookSecret]) -> SecretResult:
    return await run_mutation(context, request, webhook_changes.rotate_webhook_secret, WebhookSecretResult)


async def replay_webhook(context: Context, request: MutationRequest[ReplayWebhook]) -> ObjectResult:
    read_start = partial(_read_start, context, request.input.after)
    body = partial(webhook_changes.replay_webhook, read_start=read_start)
    return await run_mutation(context, request, body, ChangedObject)


async def test_webhook(context: Context, request: MutationRequest[SendWebhookSample]) -> ObjectResult:
    payload = await run_mutation(context, request, webhook_changes.test_webhook, ChangedObject)
    if (delivery_id := changed_id(payload)) is not None:
        await send_sample(context.scope, context.installation.webhook_policy, delivery_id)
    return payload


async def tested_delivery(context: Context, payload: ObjectResult) -> WebhookDeliveryDocument | None:
    id_ = changed_id(payload)
    return None if id_ is None else await context.loaders.webhook_deliveries.load(id_)


async def changed_webhook(context: Context, payload: MutationResult[Any]) -> WebhookDocument | None:
    id_ = changed_id(payload)
    return None if id_ is None else await context.loaders.webhooks.load(id_)


async def changed_secret(context: Context, payload: SecretResult) -> str | None:
    webhook = await changed_webhook(context, payload)
    if webhook is None or payload.result is None:
        return None
    return format_secret(secret_key(webhook.seed, payload.result.secret_number))


def deleted_id(_context: Context, payload: ObjectResult) -> str | None:
    return changed_id(payload)


def _read_start(context: Context, after: str | None) -> Position | None:
    """Return the position of the cursor, the present one without a cursor, or None for an invalid cursor."""
    feed: Feed = context.feed
    if after is None:
        return feed.position
    try:
        return feed.read_cursor(context.scope.partner_id, after)
    except InvalidCursor:
        return None
