"""The job loop of every server process: one process at a time, by a lease, runs the jobs that have effects.

A job runs when an event arrives, when the moment comes that its `next_at` returns, and otherwise after its
`max_pause_seconds`. So an idle process sends few commands.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from time import monotonic

import structlog
from msgspec import Struct

from domain.failures import Unavailable
from jobs.bulk_jobs import bulk_jobs
from jobs.cleanup_assignments import cleanup_assignments
from jobs.cleanup_tags import cleanup_tags
from jobs.clock import evaluate_due, expire_assignments, renew_due
from jobs.metrics import report_elsewhere, report_failure, report_success
from jobs.reevaluate import reevaluate_customers
from jobs.roll_up_calls import roll_up_calls, roll_up_calls_now
from jobs.snapshot_licenses import snapshot_licenses, snapshot_licenses_now
from store.changes.due import next_due_at
from store.customers.list_planner.key_statistics import count_requested_keys
from store.database.client import Client, PyMongoError
from store.database.clock import utc_now
from store.database.leases import Lease
from store.database.open_transactions import abort_orphaned_transactions
from store.feed.events import FeedEvent
from store.feed.feed import Feed
from store.integrations.alert_state_changes import next_wake_at, wake_alerts
from store.licenses.peer_histogram import fold_histograms

_log = structlog.get_logger(__name__)
_LEASE, _LEASE_SECONDS = "jobs", 1.5
_ERROR_PAUSE_SECONDS = 1.0


class Job(Struct, frozen=True):
    """A job that runs again and again; `run` returns how much it did, and is called again at once where that is not 0.

    `period_seconds` is the shortest pause after a run that found nothing, `max_pause_seconds` the longest.
    """

    name: str
    run: Callable[[Client], Awaitable[int]]
    period_seconds: float
    max_pause_seconds: float = 5.0
    # Returns the next moment at which there is something to do, or None.
    next_at: Callable[[Client], Awaitable[datetime | None]] | None = None
    is_leased: bool = True
    # What `partnerhub jobs run` calls instead, for a job that otherwise waits for its time.
    run_now: Callable[[Client], Awaitable[int]] | None = None


JOBS: Sequence[Job] = (
    Job("evaluate_due", evaluate_due, 0.2, next_at=next_due_at),
    Job("renew_due", renew_due, 1.0, next_at=next_due_at),
    Job("expire_assignments", expire_assignments, 1.0, next_at=next_due_at),
    # Not leased: the process that has the lease can be the one that died.
    Job("abort_orphaned_transactions", abort_orphaned_transactions, 0.5, 1.0, is_leased=False),
    # Not leased: each process chooses query plans by its own statistics. Without a request it sends no command.
    Job("count_keys", count_requested_keys, 1.0, 1.0, is_leased=False),
    Job("fold_histograms", fold_histograms, 1.0),
    # An administrator waits for it, and its start is no event.
    Job("bulk_jobs", bulk_jobs, 0.2, 1.0),
    Job("cleanup_tags", cleanup_tags, 1.0),
    Job("cleanup_assignments", cleanup_assignments, 1.0),
    Job("wake_alerts", wake_alerts, 1.0, next_at=next_wake_at),
    Job("reevaluate_customers", reevaluate_customers, 1.0),
    Job("snapshot_licenses", snapshot_licenses, 5.0, run_now=snapshot_licenses_now),
    Job("roll_up_calls", roll_up_calls, 1.0, run_now=roll_up_calls_now),
)


class JobLoop:
    """Runs the jobs in this process. Without a feed, which tells it of events, each job runs in its period."""

    def __init__(self, client: Client, jobs: Sequence[Job] = JOBS, feed: Feed | None = None) -> None:
        self._client = client
        self._jobs = jobs
        self._feed = feed
        self._lease = Lease(client, _LEASE, _LEASE_SECONDS)
        # Set and replaced at each event.
        self._arrival = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start one task per job on the running event loop."""
        if self._feed is not None:
            self._feed.listeners.append(self._note_event)
        self._lease.start()
        self._tasks = [asyncio.create_task(self._repeat(job), name=job.name) for job in self._jobs]

    async def stop(self) -> None:
        """Cancel the tasks and release the lease."""
        if self._feed is not None:
            self._feed.listeners.remove(self._note_event)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lease.stop()

    def _note_event(self, _: FeedEvent) -> None:
        arrival, self._arrival = self._arrival, asyncio.Event()
        arrival.set()

    async def _repeat(self, job: Job) -> None:
        while True:
            if job.is_leased and not self._lease.is_held:
                report_elsewhere(job.name)
                await self._lease.wait_until_held()
            arrival = self._arrival
            try:
                done = await job.run(self._client)
                report_success(job.name)
                if not done:
                    await self._wait_for_work(job, arrival)
            except (PyMongoError, Unavailable, ExceptionGroup) as error:
                report_failure(job.name)
                _log.warning("job failed, it will run again", job=job.name, error=repr(error))
                await asyncio.sleep(_ERROR_PAUSE_SECONDS)

    async def _wait_for_work(self, job: Job, arrival: asyncio.Event) -> None:
        """Wait for the period, and then for an event since the last run or the moment of more work."""
        ends = monotonic() + await self._max_pause(job)
        await asyncio.sleep(job.period_seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(ends - monotonic()):
                await arrival.wait()

    async def _max_pause(self, job: Job) -> float:
        if self._feed is None:
            return 0.0
        moment = None if job.next_at is None else await job.next_at(self._client)
        seconds = job.max_pause_seconds if moment is None else (moment - utc_now()).total_seconds()
        return min(seconds, job.max_pause_seconds)
