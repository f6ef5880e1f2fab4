"""What one request sends besides its body: bounded while it arrives."""

from collections.abc import Sequence
from http import HTTPStatus

from server.connections.limits import ConnectionLimits
from server.connections.refusals import RequestRefused, malformed

# A header line has a colon, a space and a line break.
_LINE_BYTES = 4


class MessageMeter:
    """Counts the bytes of a request; each method raises RequestRefused where a limit is exceeded.

    The parser reports a header only when it is complete, and chunk extensions never. So the bytes that it was fed are
    counted too: those that are neither URL nor header nor body must not exceed the limit for headers, or the body.
    """

    __slots__ = ("_body_bytes", "_fed_bytes", "_header_bytes", "_header_count", "_is_new", "_limits", "_url_bytes")

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self.begin()

    @property
    def body_bytes(self) -> int:
        return self._body_bytes

    def begin(self) -> None:
        """Begin a new request."""
        self._url_bytes = self._header_bytes = self._header_count = self._body_bytes = self._fed_bytes = 0
        self._is_new = True

    def add_url(self, size: int) -> None:
        """Count a part of the URL."""
        self._url_bytes += size
        if self._url_bytes > self._limits.url_bytes:
            message = f"The URL may have at most {self._limits.url_bytes} bytes: send a long query by POST."
            raise RequestRefused(HTTPStatus.REQUEST_URI_TOO_LONG, "url_bytes", message)

    def add_headers(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Count the headers before the body, or one behind it."""
        self._header_count += len(headers)
        self._header_bytes += sum([len(name) + len(value) + _LINE_BYTES for name, value in headers])
        if self._header_count > self._limits.header_count:
            raise _too_large("header_count", f"A request may have at most {self._limits.header_count} headers.")
        if self._header_bytes > self._limits.header_bytes:
            raise self._too_many_header_bytes()

    def add_body(self, size: int) -> None:
        """Count a part of the body."""
        self._body_bytes += size

    def add_fed(self, size: int, *, is_in_body: bool) -> None:
        """Count a piece that the parser was fed; not the first one, which can begin with an earlier request."""
        if self._is_new:
            self._is_new = False
            return
        self._fed_bytes += size
        hidden_bytes = self._fed_bytes - self._url_bytes - self._header_bytes - self._body_bytes
        if hidden_bytes > self._limits.header_bytes + self._body_bytes:
            if is_in_body:
                raise malformed("The chunks of the body are too small, or their extensions too long.")
            raise self._too_many_header_bytes()

    def _too_many_header_bytes(self) -> RequestRefused:
        return _too_large("header_bytes", f"The headers may have at most {self._limits.header_bytes} bytes.")


def _too_large(limit: str, message: str) -> RequestRefused:
    return RequestRefused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, limit, message)
