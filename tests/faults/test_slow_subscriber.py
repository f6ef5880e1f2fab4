"""A subscriber that stops reading, among many: it is closed soon, costs little, and the others do not notice."""

import asyncio
from time import monotonic
from typing import NamedTuple

from tests.faults.figures import Figures
from tests.faults.raw_sockets import RawSocket
from tests.faults.scale import IS_LONG, scaled
from tests.faults.subscribers import wait_until
from tests.faults.world import Deployment, Workload, memory_megabytes, read_feed_metric, running_workload

SUBSCRIBERS, PER_SECOND, WRITERS = scaled(20, 100), scaled(25, 50), scaled(8, 20)
# Each round is a stretch without the slow one and one beside it, so that what else the machine does weighs on both.
ROUNDS, SECONDS = scaled(1, 6), scaled(2, 5)
# So many operations on one socket that what is written to it fills every buffer on its way in a few seconds, and so
# few that their beginning is not what the others notice.
OPERATIONS = 25
LARGE = "subscription { activity { cursor event { %s } } }" % " ".join(  # noqa: UP031 (braces all over)
    f"a{n}: customer {{ id externalId name statuses tags {{ id name }} createdAt updatedAt }}" for n in range(12)
)
FAULT = f"A subscriber that stops reading, among {SUBSCRIBERS}"


async def test_one_who_does_not_read_is_closed_and_the_others_do_not_notice(
    deployment: Deployment, figures: Figures
) -> None:
    usual: list[float] = []
    beside: list[float] = []
    stalls: list[Stall] = []
    async with running_workload(deployment, SUBSCRIBERS, PER_SECOND, WRITERS) as workload:
        for _ in range(ROUNDS):
            begun = monotonic()
            await run_load_for(SECONDS)
            usual += change_delays(workload, begun)
            stalls.append(await stall_subscriber(workload))
            await run_load_for(stalls[-1].begun + SECONDS - monotonic())
            beside += change_delays(workload, stalls[-1].begun)
    await workload.check(FAULT, figures)
    figures.record(FAULT, "closed after, at most", max(one.seconds for one in stalls), 10, "s")
    figures.record(FAULT, "memory grown, at most", max(one.grown for one in stalls), 20, "MB")
    figures.record(FAULT, "p99 of the others before", p99(usual), None, "ms")
    await workload.stop_subscribers()
    # A short run shares its cores with other tests, and has too few changes for a p99.
    figures.record(FAULT, "p99 of the others beside it", p99(beside), p99(usual) * 1.2 if IS_LONG else None, "ms")


class Stall(NamedTuple):
    """When somebody stopped reading, the seconds until they were closed, and what they cost in MB until then."""

    begun: float
    seconds: float
    grown: float


async def stall_subscriber(workload: Workload) -> Stall:
    """Somebody listens to much, stops reading, and is closed."""
    server = workload.deployment.server
    before, subscriptions = memory_megabytes(server), await read_feed_metric(server, "subscribers")
    slow = await RawSocket.connect(server.url, receive_buffer=4096)
    slow.subscribe(workload.deployment.token, LARGE, OPERATIONS)
    async with asyncio.timeout(30):
        # With so small a buffer it may be too slow before all of its operations have begun.
        while slow.is_open and await read_feed_metric(server, "subscribers") < subscriptions + OPERATIONS:
            await asyncio.sleep(0.02)
    slow.stall()
    begun, grown = monotonic(), 0.0
    while await read_feed_metric(server, "subscribers") > subscriptions:
        assert monotonic() < begun + 60, "it was never closed"
        grown = max(grown, memory_megabytes(server) - before)
        await asyncio.sleep(0.05)
    slow.close()
    return Stall(begun, monotonic() - begun, grown)


async def run_load_for(seconds: float) -> None:
    """Lets the load run for so long."""
    ends = monotonic() + seconds
    await wait_until(lambda: monotonic() >= ends, max(0, seconds) * 2 + 5)


def change_delays(workload: Workload, since: float) -> list[float]:
    """How old each change was when it was heard, of those heard since then, in milliseconds."""
    heard = [zip(one.received_at, one.delays, strict=True) for one in workload.subscribers]
    return [age * 1000 for one in heard for at, age in one if at > since]


def p99(found: list[float]) -> float:
    """How old 99 of 100 were at most."""
    return sorted(found)[len(found) * 99 // 100]
