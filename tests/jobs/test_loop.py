"""The job loop waits for events and moments instead of asking the database again and again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from jobs.clock import evaluate_due
from jobs.loop import Job, JobLoop
from store.changes.due import next_due_at
from store.database.client import Client
from store.database.clock import utc_now
from tests.store.factory_customers import add_customer, partner_scope, subscription

_HOUR = 3600.0


class Runs:
    """Counts the runs of a job."""

    def __init__(self) -> None:
        self.count, self._ran = 0, asyncio.Condition()
        self.job = Job("job", self._run, 0.001, _HOUR)

    async def _run(self, _: Client) -> int:
        async with self._ran:
            self.count += 1
            self._ran.notify_all()
        return 0

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(20), self._ran:
            await self._ran.wait_for(lambda: self.count >= count)


@asynccontextmanager
async def _running(client: Client, *jobs: Job) -> AsyncIterator[Callable[[], None]]:
    """Run a loop; yield a function that tells it of an event."""
    feed: Any = SimpleNamespace(listeners=[])
    loop = JobLoop(client, jobs, feed)
    loop.start()

    def tell() -> None:
        for listener in feed.listeners:
            listener(None)

    yield tell
    await loop.stop()
    assert feed.listeners == []


async def test_a_job_without_work_runs_again_at_an_event(client: Client) -> None:
    runs = Runs()
    async with _running(client, runs.job) as tell:
        await runs.wait_for(1)
        await asyncio.sleep(0.05)
        assert runs.count == 1
        for count in (2, 3):
            tell()
            await runs.wait_for(count)


async def test_an_event_during_a_run_is_not_missed(client: Client) -> None:
    runs, may_end, count = Runs(), asyncio.Event(), 0

    async def run(_: Client) -> int:
        nonlocal count
        count += 1
        await may_end.wait()
        return await runs.job.run(client)

    async with _running(client, replace(runs.job, run=run)) as tell:
        async with asyncio.timeout(20):
            while not count:
                await asyncio.sleep(0.001)
        tell()
        may_end.set()
        await runs.wait_for(2)


async def test_a_loop_stops_in_the_turn_of_an_event(client: Client) -> None:
    runs = Runs()
    async with asyncio.timeout(20), _running(client, runs.job) as tell:
        await runs.wait_for(1)
        # Now it waits for an event.
        await asyncio.sleep(0.05)
        tell()
        # The loop is stopped before the waiting task continues.


async def test_a_job_runs_at_its_next_moment_and_at_once_after_work(client: Client) -> None:
    scope = await partner_scope(client)
    end = utc_now() + timedelta(seconds=1.5)
    await add_customer(scope, "C-1", subscription("S-1", ends_at=end))
    done: list[int] = []
    ended = asyncio.Event()

    async def run(client: Client) -> int:
        done.append(await evaluate_due(client))
        if sum(done) and not done[-1]:
            ended.set()
        return done[-1]

    async with _running(client, Job("job", run, 0.001, _HOUR, next_at=next_due_at)), asyncio.timeout(20):
        await ended.wait()
    # Once or twice more where the clock of the waiting is a millisecond fast.
    assert sum(done) == 1 and len(done) <= 5, done


async def test_a_job_without_an_event_or_moment_runs_after_its_longest_pause(client: Client) -> None:
    runs = Runs()

    async def never(_: Client) -> datetime | None:
        return None

    async with _running(client, replace(runs.job, max_pause_seconds=0.05, next_at=never)):
        await runs.wait_for(3)


async def test_only_the_process_with_the_lease_runs_a_leased_job(client: Client) -> None:
    first, second, everywhere = Runs(), Runs(), Runs()
    async with _running(client, first.job):
        await first.wait_for(1)
        loop = JobLoop(client, [second.job, replace(everywhere.job, is_leased=False)])
        loop.start()
        await everywhere.wait_for(3)
        assert second.count == 0
    # The lease was released.
    await second.wait_for(1)
    await loop.stop()
