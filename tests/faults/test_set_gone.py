"""The whole replica set is down for a while: requests fail soon, nothing piles up, and service resumes."""

import asyncio
import signal
from collections.abc import Sequence
from time import monotonic

from tests.faults.deployment import Deployment, memory_megabytes, running_workload
from tests.faults.figures import Figures
from tests.faults.replica_set import ReplicaSet
from tests.faults.scale import scaled
from tests.faults.subscribers import wait_until

AWAY_SECONDS, SUBSCRIBERS, PER_SECOND, WRITERS = scaled(5, 30), scaled(10, 100), scaled(20, 50), scaled(10, 40)
FAULT = f"The whole set gone for {AWAY_SECONDS} s"


async def test_service_resumes_after_an_outage_of_the_set(
    replica_set_deployment: Deployment, replica_set: ReplicaSet, figures: Figures
) -> None:
    async with running_workload(replica_set_deployment, SUBSCRIBERS, PER_SECOND, WRITERS) as workload:
        before, load = memory_megabytes(replica_set_deployment.server), workload.writers
        for member in replica_set.members:
            replica_set.stop_member(member, signal.SIGKILL)
        gone = monotonic()
        await wait_until(lambda: monotonic() > gone + AWAY_SECONDS, AWAY_SECONDS * 2)
        grown = memory_megabytes(replica_set_deployment.server) - before
        for member in replica_set.members:
            member.launch()
        await asyncio.to_thread(replica_set.settle)
        back, count = monotonic(), load.count
        await wait_until(lambda: load.count > count + WRITERS, 60)
        answered = load.acknowledged_at[count]
        # Read now: a request that began during the outage may have ended after it.
        refused = [seconds for begun, seconds in load.refused_requests if gone < begun < back]
        resumed = max(
            await asyncio.gather(*(first_received_after(one.received_at, back) for one in workload.subscribers))
        )
    await workload.check(FAULT, figures)
    figures.record(FAULT, "requests refused", len(refused))
    figures.record(FAULT, "slowest UNAVAILABLE", max(refused), 5, "s")
    figures.record(FAULT, "memory grown", grown, 50, "MB")
    figures.record(FAULT, "first mutation after the set was back", answered - back, 10, "s")
    figures.record(FAULT, "every subscription after the set was back", resumed - back, 10, "s")
    await workload.stop_subscribers()


async def first_received_after(times: Sequence[float], moment: float) -> float:
    """Return the time of the first message to a subscriber after a moment."""
    await wait_until(lambda: times[-1] > moment, 60)
    return next(at for at in times if at > moment)
