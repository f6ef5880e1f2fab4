"""The partner helpdesk: how it is reached, and what may be asked of it (domain.md, "Resources, helpdesk, setup")."""

from dataclasses import dataclass
from enum import StrEnum

from domain.types import PartnerRole

MAX_SUBJECT_LENGTH = 200
MAX_MESSAGE_LENGTH = 5_000


class HelpdeskTopic(StrEnum):
    """What a request is about."""

    CALLING = "CALLING"
    CONTACT_CENTER = "CONTACT_CENTER"
    OTHER = "OTHER"


class HelpdeskRequestState(StrEnum):
    """Whether somebody still waits."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class HelpdeskContact:
    """How people reach the helpdesk; None for a way that there is not."""

    name: str
    phone: str | None = None
    email: str | None = None
    hours: str | None = None


def can_read_all_requests(role: PartnerRole | None) -> bool:
    """Whether the role reads and closes the requests of others; None stands for the system itself."""
    return role is None or role is PartnerRole.FULL_ADMINISTRATOR
