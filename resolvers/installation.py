"""What resolvers need of the installation: helpdesk, address, secrets of launches, terms, limits."""

from dataclasses import dataclass, field

from domain.integrations.webhook_addresses import WebhookPolicy
from domain.partner.helpdesk import HelpdeskContact
from domain.partner.launch import LaunchReference, sign_launch_token
from domain.partner.terms import DEFAULT_TERMS, Terms


@dataclass(frozen=True, slots=True)
class Installation:
    """One object per process; `address` is the server's address for browsers. The first secret signs."""

    helpdesk: HelpdeskContact = field(default_factory=lambda: HelpdeskContact("Partner helpdesk"))
    address: str = ""
    launch_secrets: tuple[bytes, ...] = ()
    terms: Terms = DEFAULT_TERMS
    max_customers: int = 1_000_000
    webhook_policy: WebhookPolicy = field(default_factory=WebhookPolicy)

    def launch_url(self, partner_id: str, launch_id: str) -> str:
        """Return the address that opens the launch; raise RuntimeError where the installation has no key."""
        if not self.launch_secrets:
            raise RuntimeError("No launch can be addressed without the installation's key.")
        token = sign_launch_token(self.launch_secrets[0], LaunchReference(partner_id, launch_id))
        return f"{self.address}/launch/{token}"
