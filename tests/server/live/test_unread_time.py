"""A client that stops reading is disconnected in time, also where what is unread fills no buffer of the server."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from websockets import ConnectionClosed

from server.connections.limit_log import LIMIT_HITS
from server.live import unread_time
from tests.server.live.socket_server import SocketServer
from tests.store.feed.factory_feeds import Events, wait_until

# 60 kB: the transport takes it at once, and the kernel most of it.
LARGE = "subscription { numbered { number padding } }"
# Reads one message, with pauses.
ReadSlowly = Callable[[], Awaitable[None]]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread_time, "MAX_UNREAD_SECONDS", 1.0)


async def connect(world: SocketServer) -> socket.socket:
    """Connect with a small receive buffer: the kernel of the client takes little that the client does not read."""
    made = socket.socket()
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, port = world.address.removeprefix("ws://").partition("/")[0].split(":")
    await asyncio.get_running_loop().sock_connect(made, (host, int(port)))
    return made


@asynccontextmanager
async def websocket_feed(world: SocketServer) -> AsyncIterator[ReadSlowly]:
    """Open a feed on a websocket; it is not read until then."""
    async with world.socket(sock=await connect(world), max_queue=1, close_timeout=0.1) as client:
        await client.initialise()
        await client.subscribe("1", LARGE)
        await client.settle()
        transport = client.connection.transport
        transport.pause_reading()

        async def read_slowly() -> None:
            receiving = asyncio.create_task(client.receive())
            while not receiving.done():
                transport.resume_reading()
                await asyncio.sleep(0.01)
                transport.pause_reading()
                await asyncio.sleep(0.1)
            await receiving

        yield read_slowly


@asynccontextmanager
async def event_stream(world: SocketServer) -> AsyncIterator[ReadSlowly]:
    """Open a feed as an event stream; it is not read until then."""
    reader, writer = await asyncio.open_connection(sock=await connect(world), limit=1024)
    body = json.dumps({"query": LARGE}).encode()
    head = ["POST /graphql/stream HTTP/1.1", "Host: x", "Authorization: Bearer acme FULL_ADMINISTRATOR"]
    head += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
    writer.write("\r\n".join(head).encode() + body)
    await reader.readuntil(b"\r\n\r\n")

    async def read_slowly() -> None:
        received = b""
        while received.count(b"\r\n") < 2:
            received += await reader.read(1024)
            await asyncio.sleep(0.02)

    yield read_slowly
    writer.transport.abort()


FEEDS = {"websocket": websocket_feed, "event stream": event_stream}


@pytest.mark.parametrize("kind", FEEDS)
async def test_one_unread_message_ends_the_connection(world: SocketServer, events: Events, kind: str) -> None:
    reported = LIMIT_HITS.labels("unread_seconds")._value.get()
    with suppress(ConnectionClosed):
        async with FEEDS[kind](world):
            await wait_until(lambda: world.metrics.subscribers == 1)
            await events.insert([1])
            await wait_until(lambda: world.metrics.delivered == 1)
            # Its pings would end it after 15 to 30 s.
            async with asyncio.timeout(8):
                while world.connections or world.metrics.subscribers:
                    await asyncio.sleep(0.05)
    assert world.metrics.queue_closures == 0
    assert LIMIT_HITS.labels("unread_seconds")._value.get() == reported + 1


@pytest.mark.parametrize("kind", FEEDS)
async def test_a_client_that_reads_slowly_is_kept(world: SocketServer, events: Events, kind: str) -> None:
    async with FEEDS[kind](world) as read_slowly:
        await wait_until(lambda: world.metrics.subscribers == 1)
        started = asyncio.get_running_loop().time()
        number = 0
        while asyncio.get_running_loop().time() < started + 2:
            await events.insert([number])
            await read_slowly()
            number += 1
        assert world.connections == 1
