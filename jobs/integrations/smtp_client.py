"""Sends one message to the SMTP server, in a thread: the library of the standard library blocks."""

import asyncio
import smtplib
import ssl
from contextlib import suppress
from threading import Thread

from domain.integrations.smtp_servers import SmtpSecurity, SmtpServer

# For each answer of the server, and for the whole message.
_ANSWER_SECONDS = 10.0
_MESSAGE_SECONDS = 60.0


class MailFailure(Exception):
    """A message that was not accepted. `is_final` where the server refuses the recipient or the message for good."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final


async def send_mail(server: SmtpServer, recipient: str, message: bytes) -> None:
    """Hand the message to the server; raise MailFailure.

    The thread does not keep the process from ending. Where the server stops answering, it ends after its own timeout.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[None] = loop.create_future()

    def work() -> None:
        failure = _try_to_send(server, recipient, message)
        # The loop is closed where the process ends.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, outcome, failure)

    Thread(target=work, name="send_mail", daemon=True).start()
    try:
        async with asyncio.timeout(_MESSAGE_SECONDS):
            await outcome
    except TimeoutError:
        raise MailFailure("no answer in time", is_final=False) from None


def _settle(outcome: "asyncio.Future[None]", failure: MailFailure | None) -> None:
    if outcome.done():
        return
    if failure is None:
        outcome.set_result(None)
    else:
        outcome.set_exception(failure)


def _try_to_send(server: SmtpServer, recipient: str, message: bytes) -> MailFailure | None:
    try:
        _send(server, recipient, message)
    except smtplib.SMTPRecipientsRefused as error:
        code, _ = next(iter(error.recipients.values()))
        return MailFailure(f"recipient refused: {code}", is_final=code >= 500)
    except smtplib.SMTPDataError as error:
        return MailFailure(f"message refused: {error.smtp_code}", is_final=error.smtp_code >= 500)
    except smtplib.SMTPResponseException as error:
        return MailFailure(f"{type(error).__name__}: {error.smtp_code}", is_final=False)
    except smtplib.SMTPNotSupportedError:
        return MailFailure("the server lacks an extension", is_final=False)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        return MailFailure(type(error).__name__, is_final=False)
    return None


def _send(server: SmtpServer, recipient: str, message: bytes) -> None:
    context = ssl.create_default_context()
    connection = _connect(server, context)
    try:
        if server.security is SmtpSecurity.STARTTLS:
            connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
        options = [] if recipient.isascii() else ["SMTPUTF8"]
        connection.sendmail(server.sender_address, [recipient], message, mail_options=options)
        # The message is accepted: how the connection ends does not matter.
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()
    finally:
        connection.close()


def _connect(server: SmtpServer, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.security is SmtpSecurity.TLS:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_ANSWER_SECONDS, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=_ANSWER_SECONDS)
