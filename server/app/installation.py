"""The values that settings and keys provide to every operation."""

from pathlib import Path

from domain.failures import OperatorError
from domain.partner.helpdesk import HelpdeskContact
from domain.partner.terms import DEFAULT_TERMS, Terms, parse_terms
from resolvers.installation import Installation
from server.app.settings import Settings
from server.auth.keys import InstallationKeys


def load_installation(settings: Settings, keys: InstallationKeys) -> Installation:
    """Return the installation; called once, at the start of the process."""
    contact = HelpdeskContact(
        settings.helpdesk_name,
        settings.helpdesk_phone or None,
        settings.helpdesk_email or None,
        settings.helpdesk_hours or None,
    )
    return Installation(
        contact,
        settings.public_url.rstrip("/"),
        keys.launch_secrets,
        read_terms(settings),
        settings.limit_customers,
        settings.webhook_policy,
        settings.alert_rules,
        has_mail=bool(settings.smtp_url.reveal()),
    )


def read_terms(settings: Settings) -> Terms:
    """Return the terms of the file that is set; raise OperatorError where it cannot be read or is not well formed."""
    if not settings.terms_file:
        return DEFAULT_TERMS
    try:
        return parse_terms(Path(settings.terms_file).read_text(encoding="utf-8"))
    except OSError as error:
        raise OperatorError(f"PARTNERHUB_TERMS_FILE: {settings.terms_file} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise OperatorError(f"PARTNERHUB_TERMS_FILE: {settings.terms_file}: {error}.") from None
