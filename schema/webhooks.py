"""Webhooks: addresses that receive events, their deliveries, and the mutations of webhooks."""

from datetime import datetime

import strawberry

from domain.integrations.webhooks import (
    MAX_WEBHOOKS,
    CreateWebhook,
    DeleteWebhook,
    ReplayWebhook,
    RotateWebhookSecret,
    UpdateWebhook,
)
from resolvers import webhooks
from schema.activity import ActivityEvent
from schema.connections import Connection
from schema.costs import STEPWISE_RELATION_COST, VALUES, list_size
from schema.customer_inputs import CustomerFilter
from schema.enums import ActivityKind, CustomerStatus, Permission, WebhookDeliveryState, WebhookState
from schema.fields import Argument, field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, VERSION_INPUT, user_errors_field
from schema.node import PAGED, VERSION_FIELD, Node
from schema.organization import PartnerAdministrator
from schema.stored_values import shows
from store.integrations.webhooks import WebhookDeliveryDocument, WebhookDocument

_NAME = "The name, 1–100 characters. Names need not be unique."
_URL = (
    "An https address, or http where a setting of the server allows it; at most 2,000 characters. It may lead to "
    "public addresses, and to networks that a setting names; this is checked again at each delivery. Redirects are "
    "not followed."
)
_KINDS = "The kinds of event to deliver. An empty list means every kind."
_STATUSES = "Of STATUS_CHANGED events, only those that enter or leave one of these. An empty list means any status."
_FILTER = (
    "Only events of customers that matched before or after the event. `expiresWithinDays`, `renewsWithinDays` and "
    "`kpi` are INVALID. At most 32,000 characters as JSON."
)


@strawberry.type
@shows(WebhookDeliveryDocument)
class WebhookDelivery(Node):
    """The delivery of one event to one webhook."""

    event = field(
        webhooks.delivered_event,
        ActivityEvent | None,
        "The event; null where it is no longer in the log or is not visible to the viewer.",
        batch=True,
        reads=(WebhookDeliveryDocument.event_id,),
    )
    state: WebhookDeliveryState = strawberry.field(description="The result of the last attempt.")
    attempts: int = strawberry.field(description="The number of attempts.")
    attempted_at: datetime = strawberry.field(description="The moment at which the last attempt ended.")
    response_status: int | None = strawberry.field(
        description="The HTTP status of the last answer; null where there was none."
    )
    error: str | None = strawberry.field(
        description="The reason why the event was not delivered, as an English sentence; null where it was."
    )
    milliseconds: int = strawberry.field(description="The duration of the last attempt.")
    next_attempt_at: datetime | None = strawberry.field(
        description="The moment of the next attempt; null unless the state is RETRYING."
    )


@strawberry.type
@shows(WebhookDocument)
class Webhook(Node):
    """An address that receives events, in the order in which they happened, at least once each. Deliveries are signed
    as standardwebhooks.com defines; `webhook-id` is the id of the event. An event that the creator may not see any
    more is not sent.
    """

    name: str = strawberry.field(description="The name.")
    url: str = strawberry.field(description="The address.")
    kinds: list[ActivityKind] = strawberry.field(directives=[list_size(len(ActivityKind)), VALUES], description=_KINDS)
    statuses: list[CustomerStatus] = strawberry.field(
        directives=[list_size(len(CustomerStatus)), VALUES], description=_STATUSES
    )
    filter = field(
        webhooks.filter_of,
        strawberry.scalars.JSON | None,
        "The CustomerFilter as it was given; null where the events of all customers are delivered.",
        reads=(WebhookDocument.raw_filter,),
    )
    state: WebhookState = strawberry.field(description="Whether events are delivered.")
    version: int = VERSION_FIELD
    created_at: datetime = strawberry.field(description="The moment of its creation.")
    created_by = field(
        webhooks.created_by,
        PartnerAdministrator,
        "The administrator who created the webhook. What they may not see is not delivered.",
        batch=True,
        reads=(WebhookDocument.creator_id,),
    )
    lag_seconds = field(
        webhooks.lag_seconds,
        float,
        "How long the oldest event that is not delivered yet has waited, in seconds.",
        reads=(WebhookDocument.position,),
    )
    cursor = field(
        webhooks.cursor,
        str | None,
        "The cursor of the event up to which everything was delivered.",
        reads=(WebhookDocument.position,),
    )
    deliveries = field(
        webhooks.deliveries,
        Connection[WebhookDelivery] | None,
        "The last deliveries, newest attempt first. Deliveries are kept for 14 days.",
        cost=STEPWISE_RELATION_COST,
        batch=True,
        reads=(WebhookDocument.id,),
        state=Argument(
            list[WebhookDeliveryState] | None,
            description="Only deliveries in one of these states. Without it, all; an empty list matches nothing.",
        ),
        **PAGED,
    )


@strawberry.input
class CreateWebhookInput:
    """A new webhook. A partner has at most 20; more is LIMIT_REACHED."""

    name: str = strawberry.field(description=_NAME)
    url: str = strawberry.field(description=_URL)
    kinds: list[ActivityKind] | None = strawberry.field(default=strawberry.UNSET, description=_KINDS)
    statuses: list[CustomerStatus] | None = strawberry.field(default=strawberry.UNSET, description=_STATUSES)
    filter: CustomerFilter | None = strawberry.field(default=strawberry.UNSET, description=_FILTER)
    after: str | None = strawberry.field(
        default=strawberry.UNSET, description="Start after the event of this cursor of a feed instead of now."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class UpdateWebhookInput:
    """Changes of a webhook. An omitted field keeps its value."""

    id: strawberry.ID = strawberry.field(description="The id of the webhook.")
    version: int = VERSION_INPUT
    name: str | None = strawberry.field(default=strawberry.UNSET, description=_NAME)
    url: str | None = strawberry.field(default=strawberry.UNSET, description=_URL)
    kinds: list[ActivityKind] | None = strawberry.field(default=strawberry.UNSET, description=_KINDS)
    statuses: list[CustomerStatus] | None = strawberry.field(default=strawberry.UNSET, description=_STATUSES)
    filter: CustomerFilter | None = strawberry.field(
        default=strawberry.UNSET, description=f"{_FILTER} Null removes the filter."
    )
    paused: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "True pauses the webhook; false makes a paused or disabled one ACTIVE, and the events that have waited "
            "are delivered."
        ),
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class DeleteWebhookInput:
    """A webhook to be deleted with its deliveries."""

    id: strawberry.ID = strawberry.field(description="The id of the webhook.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class RotateWebhookSecretInput:
    """Replaces the secret. For 24 hours, deliveries are also signed with the former secret."""

    id: strawberry.ID = strawberry.field(description="The id of the webhook.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ReplayWebhookInput:
    """Delivers all events after a cursor again, as far back as the log reaches."""

    id: strawberry.ID = strawberry.field(description="The id of the webhook.")
    after: str = strawberry.field(description="A cursor of a feed or of a delivery; any other text is INVALID.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class _WebhookPayload:
    """The fields that most payloads share."""

    webhook = field(
        webhooks.changed_webhook, Webhook | None, "The webhook after the change; null where nothing was changed."
    )
    user_errors = user_errors_field()


@strawberry.type
class _SecretPayload(_WebhookPayload):
    """The fields of the payloads that show a secret."""

    secret = field(
        webhooks.changed_secret,
        str | None,
        "The secret, `whsec_…`. It is shown only in the answer to this mutation; null where nothing was changed.",
    )


@strawberry.type
class CreateWebhookPayload(_SecretPayload):
    """The new webhook and its secret, or the mistakes."""


@strawberry.type
class UpdateWebhookPayload(_WebhookPayload):
    """The webhook after the change, or the mistakes."""


@strawberry.type
class RotateWebhookSecretPayload(_SecretPayload):
    """The webhook and its new secret, or the mistakes."""


@strawberry.type
class ReplayWebhookPayload(_WebhookPayload):
    """The webhook after the change, or the mistakes."""


@strawberry.type
class DeleteWebhookPayload:
    """The id of the deleted webhook, or the mistakes."""

    deleted_id = field(
        webhooks.deleted_id, strawberry.ID | None, "The id of the deleted webhook; null where nothing was changed."
    )
    user_errors = user_errors_field()


_MANAGE = Permission.MANAGE_INTEGRATIONS


@strawberry.type
class WebhookMutations:
    """The root fields that change webhooks."""

    create_webhook = mutation(
        webhooks.create_webhook,
        CreateWebhookPayload,
        CreateWebhookInput,
        CreateWebhook,
        "Creates a webhook, which receives the events from now on.",
        requires=_MANAGE,
    )
    update_webhook = mutation(
        webhooks.update_webhook,
        UpdateWebhookPayload,
        UpdateWebhookInput,
        UpdateWebhook,
        "Changes, pauses or resumes a webhook.",
        requires=_MANAGE,
    )
    delete_webhook = mutation(
        webhooks.delete_webhook,
        DeleteWebhookPayload,
        DeleteWebhookInput,
        DeleteWebhook,
        "Deletes a webhook.",
        requires=_MANAGE,
    )
    rotate_webhook_secret = mutation(
        webhooks.rotate_webhook_secret,
        RotateWebhookSecretPayload,
        RotateWebhookSecretInput,
        RotateWebhookSecret,
        "Replaces the secret of a webhook.",
        requires=_MANAGE,
    )
    replay_webhook = mutation(
        webhooks.replay_webhook,
        ReplayWebhookPayload,
        ReplayWebhookInput,
        ReplayWebhook,
        "Delivers earlier events again.",
        requires=_MANAGE,
    )


@strawberry.type
class WebhookQueries:
    """The root field that reads webhooks."""

    webhooks = field(
        webhooks.webhooks,
        list[Webhook] | None,
        "The webhooks of the partner in the order of their creation; at most 20.",
        requires=_MANAGE,
        list_size=list_size(MAX_WEBHOOKS, typical=3),
    )
