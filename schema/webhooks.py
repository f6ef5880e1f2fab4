"""Webhooks: addresses that receive events, and their deliveries."""

from datetime import datetime

import strawberry

from domain.integrations.webhooks import (
    MAX_WEBHOOKS,
)
from resolvers import webhooks
from schema.activity import ActivityEvent
from schema.costs import STEPWISE_RELATION_COST, VALUES, list_size
from schema.enums import ActivityKind, CustomerStatus, Permission, WebhookDeliveryState, WebhookState
from schema.fields import Argument, field
from schema.node import PAGED, VERSION_FIELD, Connection, Node
from schema.organization import PartnerAdministrator
from schema.stored_values import shows
from store.integrations.webhooks import WebhookDeliveryDocument, WebhookDocument

KINDS_DESCRIPTION = "The kinds of event to deliver. An empty list means every kind."
STATUSES_DESCRIPTION = (
    "Of STATUS_CHANGED events, only those that enter or leave one of these. An empty list means any status."
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
    kinds: list[ActivityKind] = strawberry.field(
        directives=[list_size(len(ActivityKind)), VALUES], description=KINDS_DESCRIPTION
    )
    statuses: list[CustomerStatus] = strawberry.field(
        directives=[list_size(len(CustomerStatus)), VALUES], description=STATUSES_DESCRIPTION
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


@strawberry.type
class WebhookQueries:
    """The root field that reads webhooks."""

    webhooks = field(
        webhooks.webhooks,
        list[Webhook] | None,
        "The webhooks of the partner in the order of their creation; at most 20.",
        requires=Permission.MANAGE_INTEGRATIONS,
        list_size=list_size(MAX_WEBHOOKS, typical=3),
    )
