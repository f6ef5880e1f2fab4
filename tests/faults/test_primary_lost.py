"""The primary is killed, stepped down, stopped or hung under load: nothing is lost, and soon all goes on."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from time import monotonic

import pytest

from tests.faults.figures import Figures
from tests.faults.replica_set import ReplicaSet, running_replica_set
from tests.faults.scale import ELECTION_SECONDS, sized
from tests.faults.subscribers import until
from tests.faults.world import World, running_world, watched

SUBSCRIBERS, PER_SECOND, WRITERS = sized(5, 20), sized(30, 200), sized(10, 60)
LONGEST_REQUEST = 10.0


@pytest.fixture(scope="module")
def three() -> Iterator[ReplicaSet]:
    with running_replica_set() as made:
        yield made


@pytest.fixture(scope="module")
def world(three: ReplicaSet) -> Iterator[World]:
    with running_world(three.uri) as made:
        yield made


async def survive(
    world: World, three: ReplicaSet, figures: Figures, name: str, gap: float, fault: Callable[[], Awaitable[None]]
) -> None:
    """The fault under load: the gap is the longest silence of any subscriber around it."""
    async with watched(world, SUBSCRIBERS, PER_SECOND, WRITERS) as watch:
        begun = monotonic()
        await fault()
        # All is well again once every writer has been answered anew, and everybody heard of it.
        count = watch.writers.count
        await until(lambda: watch.writers.count > count + PER_SECOND, 60)
    await watch.check(name, figures)
    figures.tell(
        name, "longest silence of a subscriber", watch.longest_gap(begun, watch.writers.acknowledged_at[-1]), gap, "s"
    )
    figures.tell(name, "longest request", max(watch.writers.seconds), LONGEST_REQUEST, "s")
    await watch.leave()


async def test_the_primary_is_killed(world: World, three: ReplicaSet, figures: Figures) -> None:
    primary = three.primary()

    async def fault() -> None:
        await asyncio.to_thread(three.end, primary, signal.SIGKILL)

    await survive(world, three, figures, "Primary killed", ELECTION_SECONDS + 2, fault)
    primary.launch()
    await asyncio.to_thread(three.settle)


async def test_the_primary_steps_down(world: World, three: ReplicaSet, figures: Figures) -> None:
    async def fault() -> None:
        await asyncio.to_thread(three.step_down)

    await survive(world, three, figures, "Primary stepped down", 5, fault)


async def test_the_primary_is_stopped(world: World, three: ReplicaSet, figures: Figures) -> None:
    primary = three.primary()

    async def fault() -> None:
        primary.send(signal.SIGTERM)

    await survive(world, three, figures, "Primary stopped (SIGTERM)", 5, fault)
    await asyncio.to_thread(three.end, primary, signal.SIGTERM)
    primary.launch()
    await asyncio.to_thread(three.settle)


async def test_the_primary_hangs(world: World, three: ReplicaSet, figures: Figures) -> None:
    primary = three.primary()

    async def fault() -> None:
        primary.send(signal.SIGSTOP)

    try:
        await survive(world, three, figures, "Primary hung (SIGSTOP)", 12, fault)
    finally:
        primary.send(signal.SIGCONT)
    await asyncio.to_thread(three.settle)
