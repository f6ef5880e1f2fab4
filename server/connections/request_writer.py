"""What the server that `partnerhub serve` starts offers for a request past ASGI; it imports nothing of that server."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final

# Where the scope of a request has its RequestWriter among the extensions.
REQUEST_WRITER_EXTENSION: Final = "partnerhub.request_writer"


class RequestWriter(ABC):
    """The body of a request that has arrived, and its response in one write."""

    @abstractmethod
    def take_body(self) -> bytes | None:
        """Return the body of the request; None where not all of it has arrived."""

    @abstractmethod
    async def respond(self, status: int, fixed: bytes, headers: Mapping[str, str], body: bytes) -> None:
        """Write a response at once: head and body in one call of the system, which wakes the client once.

        `fixed` are headers that `encode_headers` has encoded; a Content-Length is added.
        """


def encode_headers(headers: Mapping[str, str]) -> bytes:
    """Return the lines of headers; raise RuntimeError where one has a line break."""
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    encoded = "".join(lines).encode("latin-1")
    if encoded.count(b"\n") != len(lines) or encoded.count(b"\r") != len(lines):
        raise RuntimeError("A header has a line break.")
    return encoded


def find_request_writer(scope: Mapping[str, Any]) -> RequestWriter | None:
    """Return the writer of a request; None under another server."""
    writer: RequestWriter | None = (scope.get("extensions") or {}).get(REQUEST_WRITER_EXTENSION)
    return writer
