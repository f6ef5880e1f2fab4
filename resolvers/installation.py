"""What the operator and this installation bring to every operation: who helps, and where the server is reached."""

from dataclasses import dataclass, field

from domain.partner.helpdesk import HelpdeskContact
from domain.partner.launch import LaunchReference, sign_launch_token


@dataclass(frozen=True, slots=True)
class Installation:
    """The same for every request of the process; `address` is where browsers reach the server."""

    helpdesk: HelpdeskContact = field(default_factory=lambda: HelpdeskContact("Partner helpdesk"))
    address: str = ""
    launch_secret: bytes | None = None

    def launch_url(self, partner_id: str, launch_id: str) -> str:
        """The address that opens the launch."""
        if self.launch_secret is None:
            raise RuntimeError("No launch can be addressed without the installation's key.")
        return f"{self.address}/launch/{sign_launch_token(self.launch_secret, LaunchReference(partner_id, launch_id))}"
