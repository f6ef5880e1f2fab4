"""Thousands of idle subscribers: the cost of each, and the cleanup of lost ones."""

import asyncio
from time import monotonic

from tests.faults.deployment import Deployment, memory_megabytes, read_feed_metric
from tests.faults.figures import Figures
from tests.faults.raw_sockets import connect_many
from tests.faults.scale import IS_LONG, scaled
from tests.faults.subscribers import wait_until

SUBSCRIBERS = scaled(500, 5000)
QUERY = "subscription { activity { cursor event { id at } } }"
FAULT = f"{SUBSCRIBERS:,} idle subscribers"


async def test_idle_subscribers_cost_little_and_are_removed(deployment: Deployment, figures: Figures) -> None:
    # The first subscribers load code and fill caches, so they are not measured.
    first = await connect_many(deployment.server.url, deployment.token, QUERY, 50)
    before = memory_megabytes(deployment.server)
    many = await connect_many(deployment.server.url, deployment.token, QUERY, SUBSCRIBERS)
    await wait_for_subscribers(deployment, len(first) + SUBSCRIBERS)
    grown = (memory_megabytes(deployment.server) - before) * 1024 / SUBSCRIBERS
    # Each of them receives a change.
    received = [one.received for one in many]
    await asyncio.to_thread(deployment.make_writers)
    await wait_until(lambda: all(one.received > had for one, had in zip(many, received, strict=True)), 60)
    figures.record(FAULT, "memory each", grown, 60, "kB")
    for one in many:
        # Only the long run waits for pings; tests/server/live/test_websocket.py tests the same with shorter intervals.
        if IS_LONG:
            one.is_gone = True
        else:
            one.close()
    begun = monotonic()
    await wait_for_subscribers(deployment, len(first))
    figures.record(FAULT, "gone after", monotonic() - begun, 45, "s")
    assert all(one.is_open for one in first)
    for one in first:
        one.close()


async def wait_for_subscribers(deployment: Deployment, number: int) -> None:
    """Wait until the server reports a number of subscribers."""
    async with asyncio.timeout(120):
        while await read_feed_metric(deployment, "subscribers") != number:
            await asyncio.sleep(0.1)
