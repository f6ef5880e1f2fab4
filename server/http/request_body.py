"""The body of a request to /graphql: its size, its time and its encoding are limited."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from domain.failures import Unavailable
from jobs.imports.streams import BrokenGzip, gunzip
from server.connections.limit_log import limit_log
from server.connections.request_writer import find_request_writer
from server.http.errors import BodyLate, HttpError
from server.limits.unfinished_bytes import UnfinishedPart, unfinished_bodies

MAX_BODY_BYTES = 1024 * 1024
# Without a limit, a body that does not arrive would keep its request, and a server that shuts down, forever.
BODY_TIMEOUT_SECONDS = 5.0
# Operations and their variables shrink to a fifth or a tenth; only data that is made for it shrinks further than this.
MAX_COMPRESSION_RATIO = 100
# Short bodies of repetitive text may shrink further.
_MIN_LIMITED_BYTES = 65_536
# Programs pack a body as one member. Empty ones would take half a second for 1 MiB.
MAX_MEMBERS = 100
_TOO_LARGE = "The body may have at most 1 MiB, also when it is unpacked."
_BUSY = "The server receives too many large bodies at the moment. Try again in a second."
_ENCODINGS = {"identity": False, "gzip": True, "x-gzip": True}


class _Received:
    """The chunks of a body as they arrive, and their number of bytes."""

    def __init__(self, request: Request) -> None:
        self._request, self.bytes = request, 0

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._request.stream():
            self.bytes += len(chunk)
            if self.bytes > MAX_BODY_BYTES:
                raise HttpError(413, _TOO_LARGE, Connection="close")
            yield chunk


def take_arrived_body(request: Request) -> bytes | None:
    """Return a body that is there already, as it was sent; None where `read_body` must wait for it or unpack it."""
    writer = None if "content-encoding" in request.headers else find_request_writer(request.scope)
    body = None if writer is None else writer.take_body()
    if body is not None and len(body) > MAX_BODY_BYTES:
        raise HttpError(413, _TOO_LARGE, Connection="close")
    return body


async def read_body(request: Request) -> bytes:
    """Return the body, unpacked; raise HttpError where it may not be read, Unavailable where too many are."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in _ENCODINGS:
        raise HttpError(415, "Send the body as it is, or with Content-Encoding: gzip.", Accept_Encoding="gzip")
    received, body = _Received(request), bytearray()
    chunks, part = received.chunks(), UnfinishedPart(unfinished_bodies)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            # `gunzip` yields 64 kB at most: a body that would unpack to gigabytes is refused at the limit.
            async for chunk in gunzip(chunks, MAX_MEMBERS) if _ENCODINGS[encoding] else chunks:
                body += chunk
                _check_unpacked_size(len(body), received.bytes)
                if not part.resize(len(body)):
                    limit_log.report("unfinished_bodies", request.client.host if request.client else None)
                    raise Unavailable(_BUSY)
    except ClientDisconnect:
        raise HttpError(400, "The body ended early.") from None
    except BrokenGzip as error:
        raise HttpError(400, str(error)) from None
    except TimeoutError:
        raise BodyLate(408, f"The body did not arrive within {BODY_TIMEOUT_SECONDS:.0f} seconds.") from None
    finally:
        part.resize(0)
    return bytes(body)


def _check_unpacked_size(unpacked: int, received: int) -> None:
    if unpacked > MAX_BODY_BYTES:
        raise HttpError(413, _TOO_LARGE, Connection="close")
    if unpacked > _MIN_LIMITED_BYTES and unpacked > MAX_COMPRESSION_RATIO * received:
        message = f"The body may unpack to at most {MAX_COMPRESSION_RATIO} times its size."
        raise HttpError(413, message, Connection="close")
