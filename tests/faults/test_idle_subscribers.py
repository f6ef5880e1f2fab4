"""Thousands of subscribers who only listen: what each costs, and that those who vanish are gone soon."""

import asyncio
from time import monotonic

from tests.faults.figures import Figures
from tests.faults.raw_sockets import opened_many
from tests.faults.scale import IS_LONG, sized
from tests.faults.subscribers import until
from tests.faults.world import World, feed_gauge, memory_of

SUBSCRIBERS = sized(500, 5000)
QUERY = "subscription { activity { cursor event { id at } } }"
FAULT = f"{SUBSCRIBERS:,} idle subscribers"


async def test_idle_subscribers_cost_little_and_leave_no_trace(world: World, figures: Figures) -> None:
    # What the first few cost is not theirs: code is loaded, caches are filled.
    first = await opened_many(world.server.url, world.token, QUERY, 50)
    before = memory_of(world.server)
    many = await opened_many(world.server.url, world.token, QUERY, SUBSCRIBERS)
    await subscribers(world, len(first) + SUBSCRIBERS)
    grown = (memory_of(world.server) - before) * 1024 / SUBSCRIBERS
    # They are alive: each hears of a change.
    received = [one.received for one in many]
    await asyncio.to_thread(world.writers)
    await until(lambda: all(one.received > had for one, had in zip(many, received, strict=True)), 60)
    figures.tell(FAULT, "memory each", grown, 60, "kB")
    for one in many:
        # Only the long run waits for the pings; tests/server/live/test_websocket.py tries the same with shorter ones.
        if IS_LONG:
            one.is_gone = True
        else:
            one.close()
    begun = monotonic()
    await subscribers(world, len(first))
    figures.tell(FAULT, "gone after", monotonic() - begun, 45, "s")
    assert all(one.is_open for one in first)
    for one in first:
        one.close()


async def subscribers(world: World, number: int) -> None:
    """Waits until the server counts so many."""
    async with asyncio.timeout(120):
        while await feed_gauge(world.server, "subscribers") != number:
            await asyncio.sleep(0.1)
