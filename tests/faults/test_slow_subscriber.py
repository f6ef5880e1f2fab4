"""A subscriber that stops reading, among many: it is closed soon, costs little, and the others do not notice."""

import asyncio
from time import monotonic
from typing import NamedTuple

from tests.faults.figures import Figures
from tests.faults.raw_sockets import RawSocket
from tests.faults.scale import IS_LONG, sized
from tests.faults.subscribers import until
from tests.faults.world import Watch, World, feed_gauge, memory_of, watched

SUBSCRIBERS, PER_SECOND, WRITERS = sized(20, 100), sized(25, 50), sized(8, 20)
# Each round is a stretch without the slow one and one beside it, so that what else the machine does weighs on both.
ROUNDS, SECONDS = sized(1, 6), sized(2, 5)
# So many operations on one socket that what is written to it fills every buffer on its way in a few seconds, and so
# few that their beginning is not what the others notice.
OPERATIONS = 25
LARGE = "subscription { activity { cursor event { %s } } }" % " ".join(  # noqa: UP031 (braces all over)
    f"a{n}: customer {{ id externalId name statuses tags {{ id name }} createdAt updatedAt }}" for n in range(12)
)
FAULT = f"A subscriber that stops reading, among {SUBSCRIBERS}"


async def test_one_who_does_not_read_is_closed_and_the_others_do_not_notice(world: World, figures: Figures) -> None:
    usual: list[float] = []
    beside: list[float] = []
    stalls: list[Stall] = []
    async with watched(world, SUBSCRIBERS, PER_SECOND, WRITERS) as watch:
        for _ in range(ROUNDS):
            begun = monotonic()
            await elapsed(SECONDS)
            usual += ages(watch, begun)
            stalls.append(await stalled(watch))
            await elapsed(stalls[-1].begun + SECONDS - monotonic())
            beside += ages(watch, stalls[-1].begun)
    await watch.check(FAULT, figures)
    figures.tell(FAULT, "closed after, at most", max(one.seconds for one in stalls), 10, "s")
    figures.tell(FAULT, "memory grown, at most", max(one.grown for one in stalls), 20, "MB")
    figures.tell(FAULT, "p99 of the others before", p99(usual), None, "ms")
    await watch.leave()
    # A short run shares its cores with other tests, and has too few changes for a p99.
    figures.tell(FAULT, "p99 of the others beside it", p99(beside), p99(usual) * 1.2 if IS_LONG else None, "ms")


class Stall(NamedTuple):
    """When somebody stopped reading, the seconds until they were closed, and what they cost in MB until then."""

    begun: float
    seconds: float
    grown: float


async def stalled(watch: Watch) -> Stall:
    """Somebody listens to much, stops reading, and is closed."""
    server = watch.world.server
    before, subscriptions = memory_of(server), await feed_gauge(server, "subscribers")
    slow = await RawSocket.opened(server.url, receive_buffer=4096)
    slow.subscribe(watch.world.token, LARGE, OPERATIONS)
    async with asyncio.timeout(30):
        # With so small a buffer it may be too slow before all of its operations have begun.
        while slow.is_open and await feed_gauge(server, "subscribers") < subscriptions + OPERATIONS:
            await asyncio.sleep(0.02)
    slow.stall()
    begun, grown = monotonic(), 0.0
    while await feed_gauge(server, "subscribers") > subscriptions:
        assert monotonic() < begun + 60, "it was never closed"
        grown = max(grown, memory_of(server) - before)
        await asyncio.sleep(0.05)
    slow.close()
    return Stall(begun, monotonic() - begun, grown)


async def elapsed(seconds: float) -> None:
    """Lets the load run for so long."""
    ends = monotonic() + seconds
    await until(lambda: monotonic() >= ends, max(0, seconds) * 2 + 5)


def ages(watch: Watch, since: float) -> list[float]:
    """How old each change was when it was heard, of those heard since then, in milliseconds."""
    heard = [zip(one.times, one.ages, strict=True) for one in watch.subscribers]
    return [age * 1000 for one in heard for at, age in one if at > since]


def p99(found: list[float]) -> float:
    """How old 99 of 100 were at most."""
    return sorted(found)[len(found) * 99 // 100]
