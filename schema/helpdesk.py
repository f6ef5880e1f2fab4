"""The partner helpdesk: its contact, the requests to it, and the mutations of requests."""

from datetime import datetime

import strawberry

from domain.partner.helpdesk import CloseHelpdeskRequest, RequestHelpdesk
from resolvers import helpdesk as desk
from schema.customers import Customer
from schema.enums import HelpdeskRequestState, HelpdeskTopic, Permission
from schema.fields import Argument, field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, user_errors_field
from schema.node import PAGED, Connection, Node
from schema.organization import PartnerAdministrator
from schema.stored_values import shows
from store.organization.helpdesk import HelpdeskRequestDocument


@strawberry.type
class Helpdesk:
    """The ways to reach the partner helpdesk."""

    name: str = strawberry.field(description="The name of the helpdesk.")
    phone: str | None = strawberry.field(description="The telephone number; null where there is none.")
    email: str | None = strawberry.field(description="The e-mail address; null where there is none.")
    hours: str | None = strawberry.field(
        description="The hours at which the helpdesk answers; null where they are not known."
    )


@strawberry.type
@shows(HelpdeskRequestDocument)
class HelpdeskRequest(Node):
    """A request for help. Only its author and administrators with the role FULL_ADMINISTRATOR see it."""

    topic: HelpdeskTopic = strawberry.field(description="The topic.")
    subject: str = strawberry.field(description="The subject, 1–200 characters.")
    message: str = strawberry.field(description="The message, 1–5,000 characters.")
    state: HelpdeskRequestState = strawberry.field(description="Whether the request is open.")
    customer = field(
        desk.customer,
        Customer | None,
        "The customer that the request is about; null where it is about none, or the viewer does not see it.",
        batch=True,
        reads=(HelpdeskRequestDocument.customer_id,),
    )
    created_at: datetime = strawberry.field(description="The moment of the request.")
    created_by = field(
        desk.created_by, PartnerAdministrator, "The author.", batch=True, reads=(HelpdeskRequestDocument.author_id,)
    )
    closed_at: datetime | None = strawberry.field(
        description="The moment at which the request was closed; null while it is open."
    )
    closed_by = field(
        desk.closed_by,
        PartnerAdministrator | None,
        "The administrator who closed the request; null while it is open.",
        batch=True,
        reads=(HelpdeskRequestDocument.closed_by_id,),
    )


@strawberry.input
class RequestHelpdeskInput:
    """A new request to the helpdesk."""

    topic: HelpdeskTopic = strawberry.field(description="The topic.")
    subject: str = strawberry.field(description="The subject, 1–200 characters.")
    message: str = strawberry.field(description="The message, 1–5,000 characters.")
    customer: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The id of the customer that the request is about."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class CloseHelpdeskRequestInput:
    """A request to be closed: one of the viewer, or any request for a FULL_ADMINISTRATOR."""

    id: strawberry.ID = strawberry.field(
        description="The id of the request. A request that is closed already stays as it is."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class _HelpdeskPayload:
    """The fields that the payloads of both mutations share."""

    request = field(
        desk.changed_request, HelpdeskRequest | None, "The request after the change; null where nothing was changed."
    )
    user_errors = user_errors_field()


@strawberry.type
class RequestHelpdeskPayload(_HelpdeskPayload):
    """The new request, or the mistakes."""


@strawberry.type
class CloseHelpdeskRequestPayload(_HelpdeskPayload):
    """The request after the change, or the mistakes."""


@strawberry.type
class HelpdeskMutations:
    """The root fields that change helpdesk requests."""

    request_helpdesk = mutation(
        desk.request_helpdesk,
        RequestHelpdeskPayload,
        RequestHelpdeskInput,
        RequestHelpdesk,
        "Sends a request to the partner helpdesk.",
        requires=Permission.CONTACT_HELPDESK,
    )
    close_helpdesk_request = mutation(
        desk.close_helpdesk_request,
        CloseHelpdeskRequestPayload,
        CloseHelpdeskRequestInput,
        CloseHelpdeskRequest,
        "Closes a request to the helpdesk.",
    )


@strawberry.type
class HelpdeskQueries:
    """The root fields that read the helpdesk."""

    helpdesk = field(desk.helpdesk, Helpdesk | None, "How to reach the partner helpdesk.")
    helpdesk_requests = field(
        desk.helpdesk_requests,
        Connection[HelpdeskRequest] | None,
        "The viewer's own requests, or all requests for a FULL_ADMINISTRATOR; newest first.",
        state=Argument(
            list[HelpdeskRequestState] | None,
            description="Only requests in one of these states. Without it, every state; an empty list matches nothing.",
        ),
        **PAGED,
    )
