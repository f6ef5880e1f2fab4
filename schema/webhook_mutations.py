"""The mutations of webhooks: inputs, payloads, fields."""

from typing import Any

import strawberry

from domain.integrations.webhooks import (
    CreateWebhook,
    DeleteWebhook,
    ReplayWebhook,
    RotateWebhookSecret,
    SendWebhookSample,
    UpdateWebhook,
)
from resolvers import webhooks
from schema.costs import MUTATION_COST
from schema.customer_inputs import CustomerFilter
from schema.enums import ActivityKind, CustomerStatus, Permission
from schema.fields import field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, VERSION_INPUT, user_errors_field
from schema.webhooks import KINDS_DESCRIPTION, STATUSES_DESCRIPTION, Webhook, WebhookDelivery

_NAME = "The name, 1–100 characters. Names need not be unique."
_URL = (
    "An https address, or http where a setting of the server allows it; at most 2,000 characters. It may lead to "
    "public addresses, and to networks that a setting names; this is checked again at each delivery. Redirects are "
    "not followed."
)
_FILTER = (
    "Only events of customers that matched before or after the event. `expiresWithinDays`, `renewsWithinDays` and "
    "`kpi` are INVALID. At most 32,000 characters as JSON."
)


@strawberry.input
class CreateWebhookInput:
    """A new webhook. A partner has at most 20; more is LIMIT_REACHED."""

    name: str = strawberry.field(description=_NAME)
    url: str = strawberry.field(description=_URL)
    kinds: list[ActivityKind] | None = strawberry.field(default=strawberry.UNSET, description=KINDS_DESCRIPTION)
    statuses: list[CustomerStatus] | None = strawberry.field(default=strawberry.UNSET, description=STATUSES_DESCRIPTION)
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
    kinds: list[ActivityKind] | None = strawberry.field(default=strawberry.UNSET, description=KINDS_DESCRIPTION)
    statuses: list[CustomerStatus] | None = strawberry.field(default=strawberry.UNSET, description=STATUSES_DESCRIPTION)
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


@strawberry.input
class TestWebhookInput:
    """A webhook in any state that is tested with a sample event."""

    id: strawberry.ID = strawberry.field(description="The id of the webhook.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


def _webhook_field() -> Any:
    return field(
        webhooks.changed_webhook, Webhook | None, "The webhook after the change; null where nothing was changed."
    )


@strawberry.type
class _WebhookPayload:
    """The fields that most payloads share."""

    webhook = _webhook_field()
    user_errors = user_errors_field()


@strawberry.type
class _SecretPayload:
    """The fields of the payloads that show a secret."""

    webhook = _webhook_field()
    secret = field(
        webhooks.changed_secret,
        str | None,
        "The secret, `whsec_…`. It is shown only in the answer to this mutation; null where nothing was changed.",
    )
    user_errors = user_errors_field()


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
class TestWebhookPayload:
    """The delivery of the sample event, or the mistakes."""

    delivery = field(
        webhooks.tested_delivery,
        WebhookDelivery | None,
        "The delivery with its result, DELIVERED or FAILED: it is not repeated. Null where nothing was sent.",
    )
    user_errors = user_errors_field()


@strawberry.type
class DeleteWebhookPayload:
    """The id of the deleted webhook, or the mistakes."""

    deleted_id = field(
        webhooks.deleted_id, strawberry.ID | None, "The id of the deleted webhook; null where nothing was changed."
    )
    user_errors = user_errors_field()


_MANAGE = Permission.MANAGE_INTEGRATIONS
# Beside the transaction, the sender of its deliveries is started: twice as expensive as most.
_CREATE_COST = 2 * MUTATION_COST


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
        cost=_CREATE_COST,
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
    test_webhook = mutation(
        webhooks.test_webhook,
        TestWebhookPayload,
        TestWebhookInput,
        SendWebhookSample,
        "Sends a sample event of the type `webhook.test` now and returns the result, after at most 7 seconds.",
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
