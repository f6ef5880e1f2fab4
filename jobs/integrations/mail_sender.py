"""Sends the e-mails of alert rules and disabled webhooks: the job of one process at a time.

Each turn makes messages of the alerts whose time has come, and tries the messages whose next attempt has come, one
after the other. A message that was accepted where the process died before it noted so is sent again, with the same
Message-ID.
"""

from datetime import UTC
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

import structlog

from domain.integrations.alert_mail_times import next_attempt_at
from domain.integrations.alert_messages import MailText, compose_alert_mail, compose_webhook_mail
from domain.integrations.mail_addresses import MailAddresses, UnsubscribeReference
from domain.integrations.smtp_servers import SmtpServer
from domain.languages.languages import Language
from jobs.integrations.metrics import MAILS
from jobs.integrations.smtp_client import MailFailure, send_mail
from store.database.client import Client
from store.database.clock import utc_now
from store.integrations.mail_outbox import (
    MailKind,
    WaitingMail,
    begin_attempt,
    collect_due_alerts,
    due_mails,
    end_mail,
    read_alert_mail,
    read_webhook_mail,
)

_log = structlog.get_logger(__name__)
_POLICY = policy.SMTP.clone(cte_type="7bit")


class MailSender:
    """Sends by one server; `send_due` is the job."""

    def __init__(self, server: SmtpServer, addresses: MailAddresses) -> None:
        self._server, self._addresses = server, addresses

    async def send_due(self, client: Client) -> int:
        """Send what is due; return how much was done."""
        collected = await collect_due_alerts(client)
        mails = await due_mails(client)
        for stored in mails:
            mail = await begin_attempt(client, stored)
            if mail is not None:
                await self._send(mail)
        return collected + len(mails)

    async def _send(self, mail: WaitingMail) -> None:
        try:
            composed = await self._compose(mail)
            if composed is not None:
                await send_mail(self._server, *composed)
                MAILS.labels("sent").inc()
        except (MailFailure, ValueError, LookupError) as failure:
            # A message that cannot be built must not keep the others.
            await self._note_failure(mail, failure)
        else:
            await end_mail(mail)

    async def _note_failure(self, mail: WaitingMail, failure: Exception) -> None:
        """Log and count the failure; end a message that is not tried again."""
        is_final = isinstance(failure, MailFailure) and failure.is_final
        is_over = is_final or next_attempt_at(mail.attempts, mail.started_at, utc_now()) is None
        result = "dropped" if is_over else "retried"
        MAILS.labels(result).inc()
        error = str(failure) if isinstance(failure, MailFailure) else type(failure).__name__
        _log.warning("e-mail not sent", mail=mail.id, partner=mail.scope.partner_id, error=error, result=result)
        if is_over:
            await end_mail(mail)

    async def _compose(self, mail: WaitingMail) -> tuple[str, bytes] | None:
        """Return recipient and message; None where there is nothing to tell any more."""
        if mail.kind is MailKind.ALERTS:
            alerts = await read_alert_mail(mail)
            if alerts is None:
                return None
            unsubscribe = self._addresses.unsubscribe(UnsubscribeReference(mail.scope.partner_id, mail.subject_id))
            text = compose_alert_mail(
                alerts.rule_name, alerts.alerts, alerts.count, self._addresses.alerts, unsubscribe, alerts.language
            )
            return alerts.recipient.email, self._build(mail, alerts.recipient.email, text, unsubscribe)
        webhook = await read_webhook_mail(mail)
        if webhook is None:
            return None
        text = compose_webhook_mail(webhook.webhook_name, self._addresses.webhooks, Language.ENGLISH)
        return webhook.recipient.email, self._build(mail, webhook.recipient.email, text)

    def _build(self, mail: WaitingMail, recipient: str, text: MailText, unsubscribe: str | None = None) -> bytes:
        utf8 = not recipient.isascii()
        message = EmailMessage(policy=_POLICY.clone(utf8=utf8))
        message["From"] = self._server.sender
        # The library decodes what looks like an encoded word, and a line break in it begins another header: also where
        # it was the name of a rule (CVE-2024-6923; Python before 3.11.10).
        message["Subject"] = text.subject.replace("=?", "= ?")
        message["Date"] = format_datetime(mail.started_at.replace(tzinfo=UTC))
        message["Message-ID"] = f"<{mail.id}@{self._server.sender_address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text.text)
        message.add_alternative(text.html, subtype="html")
        # Addresses stand as they are: the library would encode one that is longer than a line, or decode a part of it.
        head = f"To: {recipient}\r\n"
        if unsubscribe is not None:
            # RFC 8058.
            head += f"List-Unsubscribe: <{unsubscribe}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        return head.encode() + message.as_bytes()
