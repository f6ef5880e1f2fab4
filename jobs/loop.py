"""The job loop of every server process: each leased job runs in the one process that has its lease."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import structlog

from domain.failures import Unavailable
from jobs.bulk_jobs import bulk_jobs
from jobs.cleanup_assignments import cleanup_assignments
from jobs.cleanup_tags import cleanup_tags
from jobs.clock import evaluate_due, expire_assignments, renew_due
from jobs.metrics import report_elsewhere, report_failure, report_success
from jobs.reevaluate import reevaluate_customers
from jobs.roll_up_calls import roll_up_calls, roll_up_calls_now
from jobs.snapshot_licenses import snapshot_licenses, snapshot_licenses_now
from store.customers.list_planner.key_statistics import count_requested_keys
from store.database.client import Client, PyMongoError
from store.database.leases import acquire_lease, release_lease, renewed_lease
from store.database.orphaned_transactions import abort_orphaned_transactions
from store.integrations.alert_state_changes import wake_alerts
from store.licenses.peer_histogram import fold_histograms

_log = structlog.get_logger(__name__)
_LEASE_SECONDS = 1.5
_ERROR_PAUSE_SECONDS = 1.0
_RELEASE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """A periodic job; `run` returns how much it did, and is called again at once where that is not 0."""

    name: str
    run: Callable[[Client], Awaitable[int]]
    period_seconds: float
    is_leased: bool = True
    # What `partnerhub jobs run` calls instead, for a job that otherwise waits for its time.
    run_now: Callable[[Client], Awaitable[int]] | None = None


JOBS: Sequence[Job] = (
    Job("evaluate_due", evaluate_due, 0.2),
    Job("renew_due", renew_due, 1.0),
    Job("expire_assignments", expire_assignments, 1.0),
    # Not leased: the process that has the lease can be the one that died.
    Job("abort_orphaned_transactions", abort_orphaned_transactions, 0.5, is_leased=False),
    # Not leased: each process chooses query plans by its own statistics.
    Job("count_keys", count_requested_keys, 1.0, is_leased=False),
    Job("fold_histograms", fold_histograms, 1.0),
    Job("bulk_jobs", bulk_jobs, 0.5),
    Job("cleanup_tags", cleanup_tags, 1.0),
    Job("cleanup_assignments", cleanup_assignments, 1.0),
    Job("wake_alerts", wake_alerts, 1.0),
    Job("reevaluate_customers", reevaluate_customers, 1.0),
    Job("snapshot_licenses", snapshot_licenses, 5.0, run_now=snapshot_licenses_now),
    Job("roll_up_calls", roll_up_calls, 1.0, run_now=roll_up_calls_now),
)


class JobLoop:
    """Runs the jobs in this process; leases divide them among all processes of the database."""

    def __init__(self, client: Client, jobs: Sequence[Job] = JOBS) -> None:
        self._client = client
        self._jobs = jobs
        self._owner = uuid4().hex
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start one task per job on the running event loop."""
        self._tasks = [asyncio.create_task(self._repeat(job), name=job.name) for job in self._jobs]

    async def stop(self) -> None:
        """Cancel the tasks and release their leases."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # A database that cannot be reached must not delay the exit: the leases then expire.
        with suppress(PyMongoError, Unavailable, TimeoutError):
            async with asyncio.timeout(_RELEASE_SECONDS):
                await asyncio.gather(*(release_lease(self._client, job.name, self._owner) for job in self._jobs))

    async def _repeat(self, job: Job) -> None:
        while True:
            pause = job.period_seconds
            try:
                if not job.is_leased:
                    await job.run(self._client)
                    report_success(job.name)
                elif await acquire_lease(self._client, job.name, self._owner, _LEASE_SECONDS):
                    async with renewed_lease(self._client, job.name, self._owner, _LEASE_SECONDS):
                        done = await job.run(self._client)
                    pause = 0.0 if done else pause
                    report_success(job.name)
                else:
                    report_elsewhere(job.name)
            except (PyMongoError, Unavailable, ExceptionGroup) as error:
                report_failure(job.name)
                _log.warning("job failed, it will run again", job=job.name, error=repr(error))
                pause = _ERROR_PAUSE_SECONDS
            await asyncio.sleep(pause)
