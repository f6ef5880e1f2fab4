"""The addresses in e-mails: the pages of this installation, and those that pause a rule without a sign-in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.partner.one_time_addresses import sign_address, verify_address

_PURPOSE = b"unsubscribe"


class UnsubscribeReference(NamedTuple):
    """The rule that a token pauses."""

    partner_id: str
    rule_id: str


@dataclass(frozen=True, slots=True)
class MailAddresses:
    """`server` is the server's address for browsers, without a slash at its end."""

    server: str
    secret: bytes = field(repr=False)

    def unsubscribe(self, reference: UnsubscribeReference) -> str:
        """Return the address that pauses a rule. It works as long as the installation has its key."""
        return f"{self.server}/unsubscribe/{sign_address(_PURPOSE, self.secret, *reference)}"

    @property
    def alerts(self) -> str:
        """The page of the alerts."""
        return f"{self.server}/alerts"

    @property
    def webhooks(self) -> str:
        """The page of the webhooks."""
        return f"{self.server}/integrations"


def verify_unsubscribe_token(secrets: Sequence[bytes], token: str) -> UnsubscribeReference | None:
    """Return the rule of a token that one of the secrets signed; None for any other text."""
    ids = verify_address(_PURPOSE, secrets, token)
    return None if ids is None else UnsubscribeReference(*ids)
