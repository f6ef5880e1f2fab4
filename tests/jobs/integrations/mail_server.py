"""A mail server in a thread: it keeps what it accepts, and answers as a test wants."""

import asyncio
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

SENDER = "Partner hub <hub@example.com>"


class MailServer:
    """`answers` are the answers to the next recipients instead of 250; None is no answer at all.

    With `starttls` or `tls` it takes messages over encrypted connections alone, from the user `hub` with the password
    `p/w`.
    """

    def __init__(
        self, port: int = 0, *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.port = port
        self._starttls, self._tls = starttls, tls
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: list[str | None] = []
        # Called with each message before it is accepted.
        self.on_message: Callable[[], None] = lambda: None
        self._started, self._accepted = Event(), Condition()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def url(self) -> str:
        """The address, as in PARTNERHUB_SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start accepting connections."""
        self._thread.start()
        assert self._started.wait(10)

    def stop(self) -> None:
        """Close all connections; without effect on a server that was stopped."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(10)

    def wait_for_message(self) -> EmailMessage:
        """Return the newest message, once there is one."""
        return self.wait_for_messages(1)[-1]

    def wait_for_messages(self, count: int) -> list[EmailMessage]:
        """Return the messages once there are at least `count`."""
        with self._accepted:
            assert self._accepted.wait_for(lambda: len(self.messages) >= count, 60), self.messages
            return self.messages

    async def _serve(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(self._make_protocol, "127.0.0.1", self.port, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stopped.wait()
        server.close()

    def _make_protocol(self) -> SMTP:
        is_secure = bool(self._starttls or self._tls)
        return SMTP(
            self,
            hostname="localhost",
            loop=self._loop,
            enable_SMTPUTF8=True,
            tls_context=self._starttls,
            require_starttls=bool(self._starttls),
            auth_required=bool(self._starttls),
            auth_require_tls=bool(self._starttls),
            authenticator=_authenticate if is_secure else None,
        )

    async def handle_RCPT(  # noqa: N802  The names are aiosmtpd's.
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer a recipient."""
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer is None:
            await asyncio.Event().wait()
        elif answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return str(answer)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a message."""
        content: Any = envelope.content
        self.recipients += envelope.rcpt_tos
        with self._accepted:
            self.messages.append(message_from_bytes(content, _class=EmailMessage, policy=default))
            self._accepted.notify_all()
        self.on_message()
        return "250 OK"


def read_body(message: EmailMessage, kind: str = "plain") -> str:
    """Return the plain or HTML text of a message."""
    body = message.get_body((kind,))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    # `handled` would say that the answer was sent already.
    return AuthResult(success=(data.login, data.password) == (b"hub", b"p/w"), handled=False)


def make_certificate(folder: Path) -> ssl.SSLContext:
    """Return the context of a server whose certificate for localhost signs itself; it is `folder`/cert.pem."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    command = ["openssl", "req", *kind, *name, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@contextmanager
def running_mail_server(port: int = 0, **security: ssl.SSLContext) -> Iterator[MailServer]:
    """Run a mail server until the block ends."""
    server = MailServer(port, **security)
    server.start()
    try:
        yield server
    finally:
        server.stop()
