"""A transport of httpx that bounds what an answer may take: its bytes, and how long each turn of reading is.

httpx has no limit for what precedes an answer, and none for the number of its parts. A receiver that only sent
`100 Continue` took ten seconds of processor time, in turns of 300 ms. 256 KiB in chunks of one byte took four seconds.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

# A piece of the smallest parts takes 10 ms to read.
_PIECE_BYTES = 2048


class LimitedTransport(httpx.AsyncBaseTransport):
    """Sends requests over at most `connections`; an answer of more than `most_bytes` in all is an error."""

    def __init__(self, context: ssl.SSLContext, most_bytes: int, connections: int, kept_connections: int) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            context,
            max_connections=connections,
            max_keepalive_connections=kept_connections,
            network_backend=_LimitedNetwork(most_bytes),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; return its answer, whose body is still to be read. Raise the errors of httpx."""
        url = request.url
        sent = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _errors_of_httpx():
            answer = await self._pool.handle_async_request(sent)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _errors_of_httpx():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        with _errors_of_httpx():
            await self._answer.aclose()


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """Raise errors of httpcore as those of httpx, which have the same names."""
    try:
        yield
    except Exception as failure:
        kind = getattr(httpx, type(failure).__name__, None) if type(failure).__module__ == httpcore.__name__ else None
        if kind is None:
            raise
        raise kind(str(failure)) from failure


class _LimitedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections whose reading is limited."""

    def __init__(self, most_bytes: int) -> None:
        self._network, self._most_bytes = httpcore.AnyIOBackend(), most_bytes

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  The interface of httpcore.
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._network.connect_tcp(host, port, timeout, local_address, socket_options)
        return _LimitedStream(stream, self._most_bytes)


class _LimitedStream(httpcore.AsyncNetworkStream):
    """A connection on which the other side may send `most_bytes` after each request."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, most_bytes: int) -> None:
        self._stream, self._most_bytes, self._left = stream, most_bytes, most_bytes

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if self._left <= 0:
            raise httpcore.ReadError("The answer has too many bytes.")
        # What has arrived is read without a wait: others have their turn here.
        await asyncio.sleep(0)
        data = await self._stream.read(min(max_bytes, _PIECE_BYTES), timeout)
        self._left -= len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._left = self._most_bytes
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return _LimitedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._most_bytes)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
