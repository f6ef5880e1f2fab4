"""Closed connections and delivered events leave no objects in memory."""

import asyncio
import gc
from collections import Counter

import pytest

from server.connections.request_transport import RequestTransport
from server.live.connection import WebSocketConnection
from server.live.send_queue import SendQueue
from server.live.socket_transport import SocketTransport
from server.live.subscribers import Subscriber
from tests.server.live.socket_server import SocketServer
from tests.store.feed.factory_feeds import Events

FEED = "subscription { numbered { number cursor } }"
STATE = "subscription { eventCount { count } }"
OWN_TYPES = (WebSocketConnection, SendQueue, Subscriber, SocketTransport, RequestTransport)


def alive(*kinds: type) -> Counter[str]:
    return Counter(type(one).__name__ for one in gc.get_objects() if type(one) in kinds)


async def visit(world: SocketServer, *, is_ended: bool) -> None:
    """Connect a client with a feed, a state and a query; it ends its operations before it disconnects, or does not."""
    async with world.socket() as socket:
        await socket.initialise()
        await socket.subscribe("1", FEED)
        await socket.settle()
        await socket.subscribe("2", STATE)
        assert (await socket.receive())["id"] == "2"
        if is_ended:
            await socket.send(type="complete", id="1")
            await socket.send(type="complete", id="2")
            await socket.settle()


@pytest.mark.parametrize("is_ended", [False, True])
async def test_a_closed_connection_leaves_no_objects_in_reference_cycles(
    world: SocketServer, gc_disabled: None, is_ended: bool
) -> None:
    before = alive(*OWN_TYPES)
    for _ in range(3):
        await visit(world, is_ended=is_ended)
    async with asyncio.timeout(10):
        while world.connections or alive(*OWN_TYPES) != before:
            await asyncio.sleep(0.02)


async def test_a_feed_keeps_no_objects_of_delivered_events(world: SocketServer, events: Events) -> None:
    async with world.socket() as socket:
        await socket.initialise()
        await socket.subscribe("1", FEED)
        await socket.settle()
        held = []
        for batch in range(3):
            await events.insert(range(batch * 20, batch * 20 + 20))
            assert await socket.numbers(20) == list(range(batch * 20, batch * 20 + 20))
            await socket.settle()
            gc.collect()
            held.append(Counter(type(one).__name__ for one in gc.get_objects())["FieldDetails"])
    assert held[2] <= held[0], held
