"""One of two servers is killed under load while its subscribers go on at the other, behind their cursors."""

import asyncio
import random

from tests.faults.figures import Figures
from tests.faults.scale import sized
from tests.faults.subscribers import Subscriber, until
from tests.faults.world import World, watched

SUBSCRIBERS, PER_SECOND, WRITERS = sized(20, 100), sized(20, 50), sized(8, 20)
ROUNDS = sized(2, 6)
FAULT = "One of two servers killed"


async def test_subscribers_of_a_killed_server_go_on_at_the_other(world: World, figures: Figures) -> None:
    async with watched(world, SUBSCRIBERS, PER_SECOND, WRITERS) as watch:
        for _ in range(ROUNDS):
            await kill_one(world, watch.subscribers)
        count = watch.writers.count
        await until(lambda: watch.writers.count > count + PER_SECOND, 60)
    await watch.check(FAULT, figures)
    figures.tell(FAULT, "sockets lost and resumed", sum(len(one.codes) for one in watch.subscribers))
    assert {code for one in watch.subscribers for code in one.codes} <= {1006}
    await watch.leave()


async def kill_one(world: World, subscribers: list[Subscriber]) -> None:
    """A second server takes its share of the clients and of the load, and dies in the midst of it."""
    entered = world.hub.serving()
    second = await asyncio.to_thread(entered.__enter__)
    try:
        stays = world.addresses.copy()
        world.addresses[:] = [second.url]
        leaving = subscribers[::2]
        for one in leaving:
            await one.stop()
            one.start()
        heard = [len(one.heard) for one in leaving]
        await until(lambda: all(len(one.heard) > had for one, had in zip(leaving, heard, strict=True)), 60)
        world.addresses.extend(stays)
        await asyncio.sleep(random.uniform(0, 0.5))
    finally:
        second.process.kill()
        world.addresses.remove(second.url)
        await asyncio.to_thread(entered.__exit__, None, None, None)
