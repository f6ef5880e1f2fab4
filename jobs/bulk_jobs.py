"""Runs bulk jobs, of each partner the oldest first: one batch after the other, each in its own transaction."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from domain.partner.bulk_jobs import BulkJobState
from jobs.conflicts import Conflicts
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.conflict_halving import halve_on_conflict
from store.database.scope import Scope
from store.tags.bulk_batches import BATCH_DEADLINE_SECONDS, JobAuthorization, JobAuthorizationLost, process_batch
from store.tags.bulk_jobs import find_next_jobs, find_open_batches, finish_job

_BATCHES_PER_RUN = 20


async def bulk_jobs(client: Client, deadline: float = BATCH_DEADLINE_SECONDS) -> int:
    """Process up to 20 batches of the oldest job of each partner; return how many there were.

    Batches run one at a time: they share the processors with requests and feeds, and two at once are hardly faster.
    Unavailable where a customer could not be written within `deadline` seconds; all others were.
    """
    counts: list[int] = []

    async def run(job: Document) -> None:
        counts.append(await _run(client, job, deadline))

    await _process_each(await find_next_jobs(client), run)
    return sum(counts)


async def _process_each(documents: Sequence[Document], process: Callable[[Document], Awaitable[None]]) -> None:
    """Process every job or batch, also those behind one that conflicts; then raise the last conflict."""
    conflicts = Conflicts()
    for document in documents:
        with conflicts.keep():
            await process(document)
    conflicts.raise_last()


async def _run(client: Client, job: Document, deadline: float) -> int:
    scope = Scope(client, job["partner_id"], utc_now())
    batches = await find_open_batches(scope, job["_id"], _BATCHES_PER_RUN)
    if not batches:
        await finish_job(scope, job["_id"], BulkJobState.DONE)
        return 1
    try:
        await _process_each(batches, partial(_process_batch, scope, JobAuthorization(scope, job), deadline))
    except JobAuthorizationLost:
        await finish_job(scope, job["_id"], BulkJobState.FAILED)
    return len(batches)


async def _process_batch(scope: Scope, authorization: JobAuthorization, deadline: float, batch: Document) -> None:
    async def process_next(ids: Sequence[str], seconds: float) -> None:
        nonlocal batch
        batch = await process_batch(scope, authorization, batch, len(ids), seconds)

    await halve_on_conflict(batch["ids"], process_next, deadline=deadline, single_deadline=deadline)
