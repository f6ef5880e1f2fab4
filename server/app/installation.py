"""The values that settings and secrets provide to every operation."""

from domain.partner.helpdesk import HelpdeskContact
from resolvers.installation import Installation
from server.app.settings import Settings
from store.database.client import Client
from store.database.secrets import load_launch_secret


async def load_installation(settings: Settings, client: Client) -> Installation:
    """Return the installation; called once, at the start of the process."""
    contact = HelpdeskContact(
        settings.helpdesk_name,
        settings.helpdesk_phone or None,
        settings.helpdesk_email or None,
        settings.helpdesk_hours or None,
    )
    return Installation(contact, settings.public_url.rstrip("/"), await load_launch_secret(client))
