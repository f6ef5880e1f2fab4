"""The partner helpdesk: its contact, the requests to it, and the mutations of requests."""

from datetime import datetime
from typing import Any

import strawberry

from domain.partner.helpdesk import CloseHelpdeskRequest, RequestHelpdesk
from resolvers import helpdesk as desk
from schema.connections import Connection
from schema.customers import Customer
from schema.enums import HelpdeskRequestState, HelpdeskTopic, Permission
from schema.fields import Argument, field, mutation
from schema.mutation_inputs import IDEMPOTENCY_KEY_FIELD
from schema.node import PAGED, Node
from schema.organization import PartnerAdministrator
from schema.user_errors import user_errors_field
from store.organization.helpdesk import HelpdeskRequestDocument


@strawberry.type
class Helpdesk:
    """The ways to reach the helpdesk."""

    name: str
    phone: str | None
    email: str | None
    hours: str | None


@strawberry.type
class HelpdeskRequest(Node):
    """A request for help; only its author and FULL_ADMINISTRATORs see it."""

    topic: HelpdeskTopic
    subject: str
    message: str
    state: HelpdeskRequestState
    customer = field(desk.customer, Customer | None)
    created_at: datetime
    created_by = field(desk.created_by, PartnerAdministrator)
    closed_at: datetime | None = strawberry.field(
        description="The moment at which the request was closed; null while it is open."
    )
    closed_by = field(
        desk.closed_by, PartnerAdministrator | None, "The administrator who closed the request; null while it is open."
    )

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether a document has this type."""
        return isinstance(value, HelpdeskRequestDocument)


@strawberry.input
class RequestHelpdeskInput:
    """A new request."""

    topic: HelpdeskTopic
    subject: str
    message: str
    customer: strawberry.ID | None = strawberry.UNSET
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class CloseHelpdeskRequestInput:
    """A request of the viewer; for a FULL_ADMINISTRATOR, any request."""

    id: strawberry.ID
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class _HelpdeskPayload:
    """The fields that the payloads of both mutations share."""

    request = field(desk.changed_request, HelpdeskRequest | None)
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
        requires=Permission.CONTACT_HELPDESK,
    )
    close_helpdesk_request = mutation(
        desk.close_helpdesk_request, CloseHelpdeskRequestPayload, CloseHelpdeskRequestInput, CloseHelpdeskRequest
    )


@strawberry.type
class HelpdeskQueries:
    """The root fields that read the helpdesk."""

    helpdesk = field(desk.helpdesk, Helpdesk | None)
    helpdesk_requests = field(
        desk.helpdesk_requests,
        Connection[HelpdeskRequest] | None,
        "One's own, or all for a FULL_ADMINISTRATOR; newest first.",
        state=Argument(
            list[HelpdeskRequestState] | None,
            description="Only requests in one of these states. Without it, every state; an empty list matches nothing.",
        ),
        **PAGED,
    )
