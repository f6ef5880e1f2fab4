"""The partner helpdesk: its contact, and the requests to it."""

from enum import StrEnum

from msgspec import Struct

from domain.inputs import ABSENT, Omittable
from domain.types import PartnerRole

MAX_SUBJECT_LENGTH = 200
MAX_MESSAGE_LENGTH = 5_000


class HelpdeskTopic(StrEnum):
    """The topic of a request."""

    CALLING = "CALLING"
    CONTACT_CENTER = "CONTACT_CENTER"
    OTHER = "OTHER"


class HelpdeskRequestState(StrEnum):
    """Whether a request still needs an answer."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class HelpdeskContact(Struct, frozen=True):
    """The ways to reach the helpdesk; None for a way that does not exist."""

    name: str
    phone: str | None = None
    email: str | None = None
    hours: str | None = None


class RequestHelpdesk(Struct, frozen=True, kw_only=True):
    """A new request, optionally about one customer."""

    topic: HelpdeskTopic
    subject: str
    message: str
    customer: Omittable[str] = ABSENT


class CloseHelpdeskRequest(Struct, frozen=True, kw_only=True):
    """The request to be closed."""

    id: str


def can_read_all_requests(role: PartnerRole | None) -> bool:
    """Return whether the role may read and close the requests of others; None is the system itself."""
    return role is None or role is PartnerRole.FULL_ADMINISTRATOR
