"""The head of a request: rules that the parser does not check, and the heads that replace one with an upgrade."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus

from server.connections.refusals import RequestRefused, malformed

Headers = Sequence[tuple[bytes, bytes]]
_UPGRADE_HEADERS = {b"upgrade", b"http2-settings"}


def check_head(version: str, headers: Headers) -> None:
    """Raise RequestRefused for a head that a proxy and this server could understand differently (RFC 9112)."""
    if version not in {"1.0", "1.1"}:
        message = "This server speaks HTTP/1.0 and HTTP/1.1."
        raise RequestRefused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "malformed", message)
    hosts = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name == b"transfer-encoding":
            _check_transfer_encoding(version, value)
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        raise malformed("A request has one Host header.")


def _check_transfer_encoding(version: str, value: bytes) -> None:
    if version != "1.1":
        raise malformed("HTTP/1.0 has no Transfer-Encoding.")
    if value.strip().lower() != b"chunked":
        message = "The only transfer encoding is chunked."
        raise RequestRefused(HTTPStatus.NOT_IMPLEMENTED, "malformed", message)


def head_for_websocket(method: bytes, url: bytes, headers: Headers) -> bytes:
    """Return the head again, for the parser of websocket handshakes."""
    return _join_head(method, url, "1.1", headers)


def head_as_http1(method: bytes, url: bytes, version: str, headers: Headers) -> bytes:
    """Return the head without its upgrade, and with what else its Connection header says."""
    kept = [header for header in headers if header[0] not in _UPGRADE_HEADERS]
    return _join_head(method, url, version, [(name, _without_upgrade(name, value)) for name, value in kept])


def _without_upgrade(name: bytes, value: bytes) -> bytes:
    if name != b"connection":
        return value
    options = [option.strip() for option in value.split(b",")]
    return b", ".join(option for option in options if option.lower() not in _UPGRADE_HEADERS)


def _join_head(method: bytes, url: bytes, version: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines = [b"%b %b HTTP/%b" % (method, url, version.encode()), *(b"%b: %b" % header for header in headers)]
    return b"\r\n".join([*lines, b"", b""])
