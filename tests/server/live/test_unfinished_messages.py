"""Messages that do not arrive completely: how long, and how many bytes, the server keeps them."""

import asyncio

import pytest

from server.limits import unfinished_bytes
from server.live import socket_transport
from tests.server.live.socket_server import SocketServer

# The head of a masked text frame of 1 MB, and a part of it.
PART = b"\x81\xff" + (1_000_000).to_bytes(8, "big") + bytes(100_000)


async def test_a_message_that_no_longer_arrives_closes_its_socket(
    world: SocketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_transport, "_MESSAGE_SECONDS", 0.1)
    async with world.socket() as complete, world.socket() as socket:
        await complete.initialise()
        await complete.subscribe("padded", "{ double(number: 4) }", padding="x" * 90_000)
        assert [(await complete.receive())["type"] for _ in range(2)] == ["next", "complete"]
        await socket.initialise()
        socket.connection.transport.write(PART)
        assert await socket.closed() == (1008, "a message did not arrive in time")
        await complete.settle()


async def test_unfinished_messages_of_all_sockets_are_limited(
    world: SocketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished_bytes, "MAX_BYTES", 150_000)
    async with world.socket() as first, world.socket() as second, world.socket() as small:
        for socket in (first, second, small):
            await socket.initialise()
        first.connection.transport.write(PART)
        async with asyncio.timeout(10):
            while unfinished_bytes.unfinished_messages.total < 80_000:
                await asyncio.sleep(0.01)
        # A message in fragments counts as one.
        fragment = bytes(50_000)
        for head in (b"\x01", b"\x00"):
            second.connection.transport.write(head + b"\xfe" + len(fragment).to_bytes(2, "big") + bytes(4) + fragment)
        second.connection.transport.write(PART)
        assert await second.closed() == (1013, "too many unfinished messages")
        await small.settle()
        # A client cannot say goodbye within a frame.
        first.connection.transport.abort()
    async with asyncio.timeout(10):
        while unfinished_bytes.unfinished_messages.total:
            await asyncio.sleep(0.01)
