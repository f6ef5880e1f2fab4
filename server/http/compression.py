"""Compressed responses: zstd, br or gzip, as the client prefers, from 1 KiB.

The levels are the fastest ones: on pages of customers the slower ones take three to ten times as long and save a few
percent. Only whole responses are compressed, never streams: server-sent events are written past ASGI, and each would
need a flush of its own.
"""

import asyncio
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

import brotli
import zstandard
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.accept import preferred_encoding

MIN_BYTES: Final = 1024
# Compressing takes 1 ms for 64 kB and 60 ms for 5 MB: larger bodies are compressed outside the event loop.
MAX_BYTES_IN_EVENT_LOOP: Final = 65_536
_GZIP: Final = zlib.MAX_WBITS | 16
# In the order of our preference: all are equal to most clients.
_COMPRESS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=1).compress(body),
    "br": lambda body: brotli.compress(body, quality=1),
    "gzip": lambda body: zlib.compress(body, 1, _GZIP),
}
# Encoded already, or a part of a body.
_NOT_WHOLE: Final = frozenset({b"content-encoding", b"content-range"})
_MAX_HEADER_BYTES: Final = 1_000
_MEDIA_TYPES: Final = frozenset(
    {
        "application/json",
        "application/graphql-response+json",
        "text/html",
        "text/plain",
        "text/css",
        "text/javascript",
        "image/svg+xml",
    }
)


class CompressedResponses:
    """Middleware that compresses responses of text and JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and compress its response if the client accepts that."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        accepted = [value for name, value in scope["headers"] if name == b"accept-encoding"]
        encoding = choose_encoding(b", ".join(accepted)[:_MAX_HEADER_BYTES])
        await self._app(scope, receive, _Response(send, encoding).send)


# Clients send few different headers.
@lru_cache(maxsize=256)
def choose_encoding(header: bytes) -> str | None:
    """Return the encoding that a client prefers; None for none."""
    return preferred_encoding(header.decode("latin-1"), list(_COMPRESS))


class _Response:
    """One response; its start is held back until its body is known to be whole."""

    def __init__(self, send: Send, encoding: str | None) -> None:
        self._send, self._encoding = send, encoding
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_compressible(message):
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            _add_vary(start["headers"])
            body = message.get("body", b"")
            if self._encoding is not None and len(body) >= MIN_BYTES and not message.get("more_body", False):
                message = {**message, "body": await compress(body, self._encoding)}
                _describe_encoding(MutableHeaders(raw=start["headers"]), self._encoding, len(message["body"]))
            await self._send(start)
        await self._send(message)


def _is_compressible(start: Message) -> bool:
    media_type = b""
    for name, value in start["headers"]:
        if name in _NOT_WHOLE:
            return False
        if name == b"content-type":
            media_type = value
    return _is_compressible_type(media_type)


@lru_cache(maxsize=256)
def _is_compressible_type(media_type: bytes) -> bool:
    return media_type.decode("latin-1").partition(";")[0].strip().lower() in _MEDIA_TYPES


def _add_vary(headers: list[tuple[bytes, bytes]]) -> None:
    """Add Accept-Encoding to the header Vary, or the header where there is none."""
    for position, (name, value) in enumerate(headers):
        if name == b"vary":
            headers[position] = name, value + b", Accept-Encoding"
            return
    headers.append((b"vary", b"Accept-Encoding"))


def _describe_encoding(headers: MutableHeaders, encoding: str, length: int) -> None:
    headers["Content-Encoding"], headers["Content-Length"] = encoding, str(length)
    # A strong tag stands for exactly these bytes; compressed ones are others.
    if headers.get("etag", "W/").startswith('"'):
        headers["ETag"] = f"W/{headers['etag']}"


async def compress(body: bytes, encoding: str) -> bytes:
    """Return the body in the encoding."""
    if len(body) <= MAX_BYTES_IN_EVENT_LOOP:
        return _COMPRESS[encoding](body)
    return await asyncio.to_thread(_COMPRESS[encoding], body)
