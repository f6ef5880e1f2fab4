"""uvicorn with our protocol classes and a small application, and a client that sends raw bytes."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import uvicorn
from msgspec.structs import replace
from starlette.types import Receive, Scope, Send

from server.app.settings import Settings
from server.connections.limits import ConnectionLimits
from server.connections.request_transport import RequestTransport
from server.connections.server_config import ServerConfig
from server.connections.trusted_proxies import TrustedProxies
from server.live.frame_writer import WRITER_EXTENSION
from server.live.socket_transport import SocketTransport
from server.serving import wanted_connection_limits

# Each time is short, but long enough for a slow machine to send a request.
SHORT_SECONDS = 0.5
LIMITS = {
    "header_seconds": SHORT_SECONDS,
    "body_seconds": SHORT_SECONDS,
    "send_seconds": SHORT_SECONDS,
    "idle_seconds": SHORT_SECONDS,
}


def make_limits(**changes: Any) -> ConnectionLimits:
    """Return the limits of the default settings, with some changed."""
    defaults = wanted_connection_limits(Settings())
    return replace(defaults, **{"limit": 10_000, **changes})


@dataclass(slots=True)
class LimitedServer:
    """A running server, and the requests that its application has received."""

    port: int
    server: uvicorn.Server
    received: list[dict[str, Any]] = field(default_factory=list)

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    async def connect(self) -> "RawClient":
        """Open a connection."""
        return RawClient(*await asyncio.open_connection("127.0.0.1", self.port))

    async def exchange(self, data: bytes) -> bytes:
        """Send the bytes; return everything that is answered until the server closes the connection."""
        client = await self.connect()
        return await client.exchange(data)


class RawClient:
    """A connection on which bytes are sent and received."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, data: bytes) -> None:
        """Send bytes without waiting."""
        self._writer.write(data)

    async def exchange(self, data: bytes) -> bytes:
        """Send bytes, and return everything that is answered until the server closes the connection."""
        self.send(data)
        return await self.read_all()

    async def read_head(self) -> bytes:
        """Return the head of one response."""
        async with asyncio.timeout(10):
            return await self._reader.readuntil(b"\r\n\r\n")

    async def read_response(self) -> bytes:
        """Return one response with a Content-Length."""
        head = await self.read_head()
        async with asyncio.timeout(10):
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return head + await self._reader.readexactly(length)

    async def read_all(self) -> bytes:
        """Return what the server sends until it closes the connection."""
        received = bytearray()
        async with asyncio.timeout(10):
            try:
                while data := await self._reader.read(65536):
                    received += data
            except ConnectionError:
                pass
        await self.close()
        return bytes(received)

    async def drain(self) -> None:
        """Wait until the kernel has taken what was sent."""
        await self._writer.drain()

    def stop_reading(self) -> None:
        """Leave what arrives in the buffers of the kernel."""
        cast(asyncio.ReadTransport, self._writer.transport).pause_reading()

    async def close(self) -> None:
        """Close the connection, whatever is still unsent."""
        self._writer.transport.abort()
        await asyncio.sleep(0)


@contextmanager
def limited_server(proxies: str = "", header: str = "X-Forwarded-For", **limits: Any) -> Iterator[LimitedServer]:
    """Run a server with these limits, and short times, in a thread with the event loop of `serve`."""
    received: list[dict[str, Any]] = []
    config = ServerConfig(
        _application(received.append),
        make_limits(**{**LIMITS, **limits}),
        TrustedProxies(proxies, header),
        port=0,
        loop="uvloop",
        http=RequestTransport,
        ws=SocketTransport,
        ws_per_message_deflate=False,
        log_level="warning",
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield LimitedServer(server.servers[0].sockets[0].getsockname()[1], server, received)
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def _application(record: Callable[[dict[str, Any]], None]) -> Any:
    """Return an application that reads the body, and answers what it has received; /large answers 4 MiB.

    /left closes the connection before it answers, as a client that leaves does.
    """

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
            return
        size = 0
        while scope["path"] != "/early" and (message := await receive())["type"] == "http.request":
            size += len(message["body"])
            if not message["more_body"]:
                break
        else:
            if scope["path"] != "/early":
                return
        request = {"path": scope["path"], "bytes": size, "client": scope["client"][0], "scheme": scope["scheme"]}
        record(request)
        content = b"x" * 4 * 1024 * 1024 if scope["path"] == "/large" else json.dumps(request).encode()
        headers = [(b"content-length", b"%d" % len(content))]
        if scope["path"] == "/left":
            scope["extensions"][WRITER_EXTENSION].abort()
            # The transport is closed in the next iteration of the event loop.
            for _ in range(5):
                await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return run
