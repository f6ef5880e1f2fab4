"""The whole set is away for a while: who asks is told soon, nothing piles up, and all goes on when it is back."""

import asyncio
import signal
from collections.abc import Sequence
from time import monotonic

from tests.faults.figures import Figures
from tests.faults.replica_set import ReplicaSet
from tests.faults.scale import sized
from tests.faults.subscribers import until
from tests.faults.world import World, memory_of, watched

AWAY_SECONDS, SUBSCRIBERS, PER_SECOND, WRITERS = sized(5, 30), sized(10, 100), sized(20, 50), sized(10, 40)
FAULT = f"The whole set gone for {AWAY_SECONDS} s"


async def test_the_set_goes_and_comes_back(world_of_three: World, three: ReplicaSet, figures: Figures) -> None:
    async with watched(world_of_three, SUBSCRIBERS, PER_SECOND, WRITERS) as watch:
        before, load = memory_of(world_of_three.server), watch.writers
        for member in three.members:
            three.end(member, signal.SIGKILL)
        gone = monotonic()
        await until(lambda: monotonic() > gone + AWAY_SECONDS, AWAY_SECONDS * 2)
        grown = memory_of(world_of_three.server) - before
        refused = [seconds for begun, seconds in load.refused if begun > gone]
        for member in three.members:
            member.launch()
        await asyncio.to_thread(three.settle)
        back, count = monotonic(), load.count
        await until(lambda: load.count > count + WRITERS, 60)
        answered = load.acknowledged_at[count]
        heard = max(await asyncio.gather(*(first_after(one.times, back) for one in watch.subscribers)))
    await watch.check(FAULT, figures)
    figures.tell(FAULT, "requests refused", len(refused))
    figures.tell(FAULT, "slowest UNAVAILABLE", max(refused), 5, "s")
    figures.tell(FAULT, "memory grown", grown, 50, "MB")
    figures.tell(FAULT, "first mutation after the set was back", answered - back, 10, "s")
    figures.tell(FAULT, "every subscription after the set was back", heard - back, 10, "s")
    await watch.leave()


async def first_after(times: Sequence[float], moment: float) -> float:
    """When a subscriber first heard something after the moment."""
    await until(lambda: times[-1] > moment, 60)
    return next(at for at in times if at > moment)
