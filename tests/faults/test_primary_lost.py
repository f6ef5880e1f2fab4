"""The primary is killed, stepped down, stopped or hung under load: nothing is lost, and soon all goes on."""

import asyncio
import signal
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest

from tests.faults.figures import Figures
from tests.faults.replica_set import ReplicaSet
from tests.faults.scale import ELECTION_SECONDS, IS_LONG, sized
from tests.faults.subscribers import until
from tests.faults.world import World, watched

SUBSCRIBERS, PER_SECOND, WRITERS = sized(5, 20), sized(30, 200), sized(10, 60)
LONGEST_REQUEST = 10.0


class Faults:
    """One fault after the other, each under load."""

    def __init__(self, world: World, three: ReplicaSet, figures: Figures) -> None:
        self._world, self._three, self._figures = world, three, figures

    async def survive(self, name: str, fault: Callable[[], Any], gap: float | None, beyond: float = 0) -> None:
        """The longest silence of any subscriber is at most the gap, or what the election took and so much beyond."""
        old = self._three.primary()
        async with watched(self._world, SUBSCRIBERS, PER_SECOND, WRITERS) as watch:
            begun = monotonic()
            electing = asyncio.create_task(asyncio.to_thread(self._three.successor, old))
            await asyncio.to_thread(fault)
            elected = await electing - begun
            # All is well again once every writer has been answered anew, and everybody heard of it.
            count = watch.writers.count
            await until(lambda: watch.writers.count > count + PER_SECOND, 60)
        await watch.check(name, self._figures)
        silence = watch.longest_gap(begun, watch.writers.acknowledged_at[-1])
        self._figures.tell(name, "another primary after", elected, None, "s")
        limit = max(elected, ELECTION_SECONDS) + beyond if beyond else gap
        self._figures.tell(name, "longest silence of a subscriber", silence, limit, "s")
        self._figures.tell(name, "longest request", max(watch.writers.seconds), LONGEST_REQUEST, "s")
        await watch.leave()


@pytest.fixture
def faults(world_of_three: World, three: ReplicaSet, figures: Figures) -> Faults:
    return Faults(world_of_three, three, figures)


async def test_the_primary_is_killed(faults: Faults, three: ReplicaSet) -> None:
    primary = three.primary()
    await faults.survive("Primary killed", lambda: three.end(primary, signal.SIGKILL), None, beyond=2)
    primary.launch()
    await asyncio.to_thread(three.settle)


async def test_the_primary_steps_down(faults: Faults, three: ReplicaSet) -> None:
    await faults.survive("Primary stepped down", three.step_down, 5)
    await asyncio.to_thread(three.settle)


async def test_the_primary_is_stopped(faults: Faults, three: ReplicaSet) -> None:
    primary = three.primary()
    await faults.survive("Primary stopped (SIGTERM)", lambda: primary.send(signal.SIGTERM), 5)
    await asyncio.to_thread(three.end, primary, signal.SIGTERM)
    primary.launch()
    await asyncio.to_thread(three.settle)


async def test_the_primary_hangs(faults: Faults, three: ReplicaSet) -> None:
    """The new primary waits for the hung one's heartbeat once more, as long as for the election: 4 s make 8."""
    election = 4 if IS_LONG else 2
    three.set_election_timeout(election)
    primary = three.primary()
    name = f"Primary hung (SIGSTOP), electionTimeoutMillis {election},000"
    try:
        await faults.survive(name, lambda: primary.send(signal.SIGSTOP), 12)
    finally:
        primary.send(signal.SIGCONT)
    await asyncio.to_thread(three.settle)
