"""What resolvers need of the installation: helpdesk, address, secrets of launches, terms, limits."""

from msgspec import Struct, field

from domain.integrations.alerts import MAX_RULES
from domain.integrations.exports import ExportReference, sign_export_token
from domain.integrations.webhook_addresses import WebhookPolicy
from domain.partner.helpdesk import HelpdeskContact
from domain.partner.launch import LaunchReference, sign_launch_token
from domain.partner.terms import DEFAULT_TERMS, Terms


class Installation(Struct, frozen=True):
    """One object per process; `address` is the server's address for browsers. The first secret signs."""

    helpdesk: HelpdeskContact = field(default_factory=lambda: HelpdeskContact("Partner helpdesk"))
    address: str = ""
    launch_secrets: tuple[bytes, ...] = ()
    terms: Terms = DEFAULT_TERMS
    max_customers: int = 1_000_000
    webhook_policy: WebhookPolicy = field(default_factory=WebhookPolicy)
    max_alert_rules: int = MAX_RULES
    has_mail: bool = False

    def launch_url(self, partner_id: str, launch_id: str) -> str:
        """Return the address that opens the launch; raise RuntimeError where the installation has no key."""
        token = sign_launch_token(self._secret, LaunchReference(partner_id, launch_id))
        return f"{self.address}/launch/{token}"

    def export_url(self, partner_id: str, export_id: str) -> str:
        """Return the address that streams the export; raise RuntimeError where the installation has no key."""
        token = sign_export_token(self._secret, ExportReference(partner_id, export_id))
        return f"{self.address}/export/{token}"

    @property
    def _secret(self) -> bytes:
        if not self.launch_secrets:
            raise RuntimeError("Nothing can be addressed without the installation's key.")
        return self.launch_secrets[0]
