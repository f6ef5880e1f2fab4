"""Refused requests: the failure, and the response that needs no application."""

from collections.abc import Iterable
from http import HTTPStatus

_RETRY_SECONDS = b"10"


class RequestRefused(Exception):
    """A request that exceeds a limit, or is not valid HTTP; `limit` names the limit in the log and in metrics."""

    def __init__(self, status: HTTPStatus, limit: str, message: str) -> None:
        super().__init__(message)
        self.status, self.limit = status, limit

    def response(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Return the whole response, after which the connection is closed."""
        text = str(self).encode()
        lines = [
            b"HTTP/1.1 %d %b" % (self.status, self.status.phrase.encode()),
            *(b"%b: %b" % header for header in headers),
            b"content-type: text/plain; charset=utf-8",
            b"x-content-type-options: nosniff",
            b"cache-control: no-store",
            b"content-length: %d" % len(text),
            b"connection: close",
        ]
        if self.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
            lines.append(b"retry-after: " + _RETRY_SECONDS)
        return b"\r\n".join([*lines, b"", text])


def malformed(message: str) -> RequestRefused:
    """Return the refusal of a request that is not valid HTTP/1.1."""
    return RequestRefused(HTTPStatus.BAD_REQUEST, "malformed", message)
