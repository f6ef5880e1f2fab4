"""A subscriber that stops reading, among many: it is closed soon, costs little, and the others do not notice."""

import asyncio
from time import monotonic

from tests.faults.figures import Figures
from tests.faults.raw_sockets import RawSocket
from tests.faults.scale import IS_LONG, sized
from tests.faults.subscribers import until
from tests.faults.world import Watch, World, feed_gauge, memory_of, watched

SUBSCRIBERS, PER_SECOND, WRITERS, SECONDS = sized(20, 100), sized(25, 50), sized(8, 20), sized(2, 15)
# So many operations on one socket that what is written to it fills every buffer on its way in a moment.
OPERATIONS = 100
LARGE = "subscription { activity { cursor event { %s } } }" % " ".join(  # noqa: UP031 (braces all over)
    f"a{n}: customer {{ id externalId name statuses tags {{ id name }} createdAt updatedAt }}" for n in range(12)
)
FAULT = f"A subscriber that stops reading, among {SUBSCRIBERS}"


async def test_one_who_does_not_read_is_closed_and_the_others_do_not_notice(world: World, figures: Figures) -> None:
    async with watched(world, SUBSCRIBERS, PER_SECOND, WRITERS) as watch:
        await elapsed(1)
        usual = await late(watch, SECONDS)
        before = memory_of(world.server)
        subscriptions = await feed_gauge(world.server, "subscribers")
        slow = await RawSocket.opened(world.server.url, receive_buffer=4096)
        slow.subscribe(world.token, LARGE, OPERATIONS)
        async with asyncio.timeout(30):
            # With so small a buffer it may be too slow before all of its operations have begun.
            while slow.is_open and await feed_gauge(world.server, "subscribers") < subscriptions + OPERATIONS:
                await asyncio.sleep(0.02)
        slow.stall()
        begun, grown = monotonic(), 0.0
        while await feed_gauge(world.server, "subscribers") > subscriptions:
            assert monotonic() < begun + 60, "it was never closed"
            grown = max(grown, memory_of(world.server) - before)
            await asyncio.sleep(0.02)
        closed = monotonic() - begun
        beside = await late(watch, SECONDS, begun)
        slow.close()
    await watch.check(FAULT, figures)
    figures.tell(FAULT, "closed after", closed, 10, "s")
    figures.tell(FAULT, "memory grown", grown, 20, "MB")
    figures.tell(FAULT, "p99 of the others before", usual, None, "ms")
    await watch.leave()
    # A short run shares its cores with other tests, and has too few changes for a p99.
    figures.tell(FAULT, "p99 of the others beside it", beside, usual * 1.2 if IS_LONG else None, "ms")


async def elapsed(seconds: float) -> None:
    """Lets the load run for so long."""
    ends = monotonic() + seconds
    await until(lambda: monotonic() > ends, seconds * 2 + 5)


async def late(watch: Watch, seconds: float, since: float | None = None) -> float:
    """How old 99 of 100 changes were at most when they were heard, for so long or since then, in milliseconds."""
    begun = monotonic() if since is None else since
    await elapsed(seconds)
    ages = [age for one in watch.subscribers for at, age in zip(one.times, one.ages, strict=True) if at > begun]
    return sorted(ages)[len(ages) * 99 // 100] * 1000
