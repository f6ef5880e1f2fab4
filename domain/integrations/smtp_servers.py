"""The SMTP server of an installation, as its address and its sender are set."""

from dataclasses import dataclass, field
from email.headerregistry import HeaderRegistry
from enum import StrEnum
from typing import Any
from urllib.parse import unquote, urlsplit


class SmtpSecurity(StrEnum):
    """How a connection is encrypted; the value is the scheme of the address."""

    NONE = "smtp"
    STARTTLS = "smtp+starttls"
    TLS = "smtps"


_PORTS = {SmtpSecurity.NONE: 25, SmtpSecurity.STARTTLS: 587, SmtpSecurity.TLS: 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`sender` is the From header. The text of the object does not contain the password."""

    host: str
    port: int
    security: SmtpSecurity
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def sender_address(self) -> str:
        """The address of the sender, without a name."""
        return _parse_sender(self.sender)


def parse_smtp_server(url: str, sender: str) -> SmtpServer:
    """Return the server; raise ValueError, whose message does not contain the password, for what is no such address."""
    try:
        parts = urlsplit(url)
        security, port = SmtpSecurity(parts.scheme), parts.port
    except ValueError:
        raise ValueError("must be smtp://, smtp+starttls:// or smtps:// with a host and perhaps a port") from None
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must have a host, and nothing behind host and port")
    if parts.username and security is SmtpSecurity.NONE:
        raise ValueError("has a password, which smtp:// would send in the clear: use smtp+starttls:// or smtps://")
    _parse_sender(sender)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpServer(parts.hostname, port or _PORTS[security], security, sender, user, password)


def _parse_sender(sender: str) -> str:
    header: Any = HeaderRegistry()("From", sender)
    addresses = header.addresses
    if header.defects or len(addresses) != 1 or not addresses[0].domain or not addresses[0].username:
        raise ValueError("the sender must be one e-mail address, such as Partner hub <hub@example.com>")
    return str(addresses[0].addr_spec)
