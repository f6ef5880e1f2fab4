"""Works off bulk jobs, the oldest first: one batch after the other, each in its own transaction."""

from domain.failures import Unavailable
from domain.partner.bulk_jobs import BulkJobState
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tags.bulk_batches import JobAuthorization, JobAuthorizationLost, process_batch
from store.tags.bulk_jobs import BATCH_SIZE, find_open_batches, find_running_job, finish_job

_BATCHES_PER_RUN = 20


async def bulk_jobs(client: Client) -> int:
    """Goes on with the oldest job for some batches; answers how many there were.

    Two at once would be hardly faster: the processors are what they share, with everybody's requests and feeds. What
    the job may do is looked at for each second of it.
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
            await _process_batch(scope, authorization, batch, BATCH_SIZE)
    except JobAuthorizationLost:
        await finish_job(scope, job["_id"], BulkJobState.FAILED)
    return len(batches)


async def _process_batch(scope: Scope, authorization: JobAuthorization, batch: Document, at_most: int) -> None:
    try:
        await process_batch(scope, authorization, batch, at_most)
    except Unavailable:
        # Somebody keeps changing one of these customers: fewer at a time meet less of that.
        if at_most == 1:
            raise
        await _process_batch(scope, authorization, batch, at_most // 2)
