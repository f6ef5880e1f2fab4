"""Connections to the mail server: encrypted, with a password, to a server whose certificate is trusted."""

from pathlib import Path

import pytest

from domain.integrations.smtp_servers import parse_smtp_server
from jobs.integrations.smtp_client import MailFailure, send_mail
from tests.jobs.integrations.mail_server import SENDER, make_certificate, running_mail_server

MESSAGE = b"Subject: Hello\r\n\r\nHello\r\n"


async def _send(url: str) -> None:
    await send_mail(parse_smtp_server(url, SENDER), "ada@partner.example", MESSAGE)


async def test_messages_are_sent_over_encrypted_connections_to_a_trusted_server_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_certificate(tmp_path)
    with running_mail_server(starttls=context) as starttls, running_mail_server(tls=context) as tls:
        urls = (f"smtp+starttls://hub:p%2Fw@localhost:{starttls.port}", f"smtps://hub:p%2Fw@localhost:{tls.port}")
        for url in urls:
            with pytest.raises(MailFailure, match="SSL"):
                await _send(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        for url in urls:
            with pytest.raises(MailFailure, match="SMTPAuthenticationError: 535") as refused:
                await _send(url.replace("p%2Fw", "wrong"))
            assert not refused.value.is_final
            await _send(url)
        assert [len(starttls.messages), len(tls.messages)] == [1, 1]


async def test_a_password_is_not_sent_to_a_server_without_encryption() -> None:
    with running_mail_server() as server:
        with pytest.raises(MailFailure, match="lacks an extension") as refused:
            await _send(f"smtp+starttls://hub:secret@127.0.0.1:{server.port}")
        assert not refused.value.is_final and server.messages == []
