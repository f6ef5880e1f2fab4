"""One of two servers is killed under load; its subscribers resume at the other after their cursors."""

import asyncio
import random

from tests.faults.deployment import Deployment, running_workload
from tests.faults.figures import Figures
from tests.faults.scale import scaled
from tests.faults.subscribers import Subscriber, wait_until

SUBSCRIBERS, PER_SECOND, WRITERS = scaled(20, 100), scaled(20, 50), scaled(8, 20)
ROUNDS = scaled(2, 6)
FAULT = "One of two servers killed"


async def test_subscribers_of_a_killed_server_resume_at_the_other(deployment: Deployment, figures: Figures) -> None:
    async with running_workload(deployment, SUBSCRIBERS, PER_SECOND, WRITERS) as workload:
        for _ in range(ROUNDS):
            await kill_one(deployment, workload.subscribers)
        count = workload.writers.count
        await wait_until(lambda: workload.writers.count > count + PER_SECOND, 60)
    await workload.check(FAULT, figures)
    figures.record(FAULT, "sockets lost and resumed", sum(len(one.close_codes) for one in workload.subscribers))
    assert {code for one in workload.subscribers for code in one.close_codes} <= {1006}
    await workload.stop_subscribers()


async def kill_one(deployment: Deployment, subscribers: list[Subscriber]) -> None:
    """Start a second server with a share of clients and load, and kill it."""
    entered = deployment.harness.start_server()
    second = await asyncio.to_thread(entered.__enter__)
    try:
        stays = deployment.addresses.copy()
        deployment.addresses[:] = [second.url]
        leaving = subscribers[::2]
        for one in leaving:
            await one.stop()
            one.start()
        counts = [len(one.received_tokens) for one in leaving]
        await wait_until(
            lambda: all(len(one.received_tokens) > count for one, count in zip(leaving, counts, strict=True)), 60
        )
        deployment.addresses.extend(stays)
        await asyncio.sleep(random.uniform(0, 0.5))
    finally:
        second.process.kill()
        deployment.addresses.remove(second.url)
        await asyncio.to_thread(entered.__exit__, None, None, None)
