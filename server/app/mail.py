"""The sender of e-mails, as the settings describe it.

The libraries of e-mail are imported only where a server is set: most installations have none.
"""

from typing import TYPE_CHECKING

from domain.failures import OperatorError
from domain.integrations.mail_addresses import MailAddresses
from jobs.loop import Job
from server.app.settings import Settings
from server.auth.keys import InstallationKeys

if TYPE_CHECKING:
    from domain.integrations.smtp_servers import SmtpServer

_PERIOD_SECONDS = 1.0


def read_smtp_server(settings: Settings) -> "SmtpServer | None":
    """Return the server, or None without the setting. Raise OperatorError for a wrong one, without its password."""
    url = settings.smtp_url.reveal()
    if not url:
        return None
    from domain.integrations.smtp_servers import parse_smtp_server

    try:
        return parse_smtp_server(url, settings.smtp_from)
    except ValueError as error:
        raise OperatorError(f"PARTNERHUB_SMTP_URL, PARTNERHUB_SMTP_FROM: {error}.") from None


def mail_jobs(settings: Settings, keys: InstallationKeys) -> list[Job]:
    """Return the job that sends e-mails, if a server is set."""
    server = read_smtp_server(settings)
    if server is None:
        return []
    from jobs.integrations.mail_sender import MailSender

    addresses = MailAddresses(settings.public_url.rstrip("/"), keys.launch_secrets[0])
    return [Job("send_mails", MailSender(server, addresses).send_due, _PERIOD_SECONDS, _PERIOD_SECONDS)]
