"""The values that settings and secrets provide to every operation."""

from pathlib import Path

from domain.failures import OperatorError
from domain.partner.helpdesk import HelpdeskContact
from domain.partner.terms import DEFAULT_TERMS, Terms, parse_terms
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
    terms = read_terms(Path(settings.terms_file)) if settings.terms_file else DEFAULT_TERMS
    return Installation(contact, settings.public_url.rstrip("/"), await load_launch_secret(client), terms)


def read_terms(path: Path) -> Terms:
    """Return the terms of a file; raise OperatorError where it cannot be read or is not well formed."""
    try:
        return parse_terms(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OperatorError(f"PARTNERHUB_TERMS_FILE: {path}: {error}") from None
