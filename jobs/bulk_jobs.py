"""Runs bulk jobs, of each partner the oldest first, each batch in its own transaction.

The customers of one batch are changed at a time, because batches share the processors with requests and feeds; another
one is prepared or committed meanwhile.
"""

from asyncio import Lock
from collections.abc import Awaitable, Callable, Iterable, Sequence

from domain.partner.bulk_jobs import BulkJobState
from jobs.conflicts import Conflicts
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.conflict_halving import halve_on_conflict
from store.database.scope import Scope
from store.database.turns import process_at_once
from store.tags.bulk_batches import BATCH_DEADLINE_SECONDS, JobAuthorization, JobAuthorizationLost, process_batch
from store.tags.bulk_jobs import find_next_jobs, find_open_batches, finish_job

_BATCHES_PER_RUN = 20
# The customers of one are changed while the other one is committed, or read and its events are written.
_BATCHES_AT_ONCE = 2


async def bulk_jobs(client: Client, deadline: float = BATCH_DEADLINE_SECONDS) -> int:
    """Process up to 20 batches of the oldest job of each partner; return how many there were.

    Unavailable where a customer could not be written within `deadline` seconds; all others were.
    """
    count, conflicts = 0, Conflicts()
    for job in await find_next_jobs(client):
        with conflicts.keep():
            count += await _run(client, job, deadline)
    conflicts.raise_last()
    return count


async def _run(client: Client, job: Document, deadline: float) -> int:
    scope = Scope(client, job["partner_id"], utc_now())
    batches = await find_open_batches(scope, job["_id"], _BATCHES_PER_RUN)
    if not batches:
        await finish_job(scope, job["_id"], BulkJobState.DONE)
        return 1
    authorization, changing = JobAuthorization(scope, job), Lock()
    try:
        await _process_each(batches, lambda batch: _process_batch(scope, authorization, batch, changing, deadline))
    except JobAuthorizationLost:
        await finish_job(scope, job["_id"], BulkJobState.FAILED)
    return len(batches)


async def _process_each(batches: Iterable[Document], process: Callable[[Document], Awaitable[None]]) -> None:
    """Process every batch, some at once, also those behind one that conflicts; then raise the last conflict."""
    conflicts = Conflicts()

    async def keep_conflict(batch: Document) -> None:
        with conflicts.keep():
            await process(batch)

    try:
        await process_at_once(batches, _BATCHES_AT_ONCE, keep_conflict)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    conflicts.raise_last()


async def _process_batch(
    scope: Scope, authorization: JobAuthorization, batch: Document, changing: Lock, deadline: float
) -> None:
    async def process_next(ids: Sequence[str], seconds: float) -> None:
        nonlocal batch
        batch = await process_batch(scope, authorization, batch, len(ids), changing, seconds)

    await halve_on_conflict(batch["ids"], process_next, deadline=deadline, single_deadline=deadline)
