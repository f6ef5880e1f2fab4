"""Runs bulk jobs, the oldest first: one batch after the other, each in its own transaction."""

from collections.abc import Sequence

from domain.partner.bulk_jobs import BulkJobState
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.conflict_halving import halve_on_conflict
from store.database.scope import Scope
from store.tags.bulk_batches import BATCH_DEADLINE_SECONDS, JobAuthorization, JobAuthorizationLost, process_batch
from store.tags.bulk_jobs import find_open_batches, find_running_job, finish_job

_BATCHES_PER_RUN = 20


async def bulk_jobs(client: Client) -> int:
    """Process up to 20 batches of the oldest job; return how many there were.

    Batches run one at a time: they share the processors with requests and feeds, and two at once are hardly faster.
    """
    job = await find_running_job(client)
    if job is None:
        return 0
    scope = Scope(client, job["partner_id"], utc_now())
    batches = await find_open_batches(scope, job["_id"], _BATCHES_PER_RUN)
    if not batches:
        await finish_job(scope, job["_id"], BulkJobState.DONE)
        return 1
    authorization = JobAuthorization(scope, job)
    try:
        for batch in batches:
            await _process_batch(scope, authorization, batch)
    except JobAuthorizationLost:
        await finish_job(scope, job["_id"], BulkJobState.FAILED)
    return len(batches)


async def _process_batch(scope: Scope, authorization: JobAuthorization, batch: Document) -> None:
    async def process_next(ids: Sequence[str], deadline: float) -> None:
        nonlocal batch
        batch = await process_batch(scope, authorization, batch, len(ids), deadline)

    await halve_on_conflict(
        batch["ids"], process_next, deadline=BATCH_DEADLINE_SECONDS, single_deadline=BATCH_DEADLINE_SECONDS
    )
