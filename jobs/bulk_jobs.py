"""Works off bulk jobs, the oldest first: one slice after the other, each in its own transaction."""

from domain.failures import Unavailable
from domain.partner.bulk_jobs import BulkJobState
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tags.bulk_batches import Mandates, NotAllowedAnyMore, work_off
from store.tags.bulk_jobs import SLICE, finish_job, open_slices, running_job

_FETCHED = 20


async def bulk_jobs(client: Client) -> int:
    """Goes on with the oldest job for some slices; answers how many there were.

    Two at once would be hardly faster: the processors are what they share, with everybody's requests and feeds. What
    the job may do is looked at for each second of it.
    """
    job = await running_job(client)
    if job is None:
        return 0
    scope = Scope(client, job["partner_id"], utc_now())
    slices = await open_slices(scope, job["_id"], _FETCHED)
    if not slices:
        await finish_job(scope, job["_id"], BulkJobState.DONE)
        return 1
    mandates = Mandates(scope, job)
    try:
        for slice_ in slices:
            await _work_off(scope, mandates, slice_, SLICE)
    except NotAllowedAnyMore:
        await finish_job(scope, job["_id"], BulkJobState.FAILED)
    return len(slices)


async def _work_off(scope: Scope, mandates: Mandates, slice_: Document, at_most: int) -> None:
    try:
        await work_off(scope, mandates, slice_, at_most)
    except Unavailable:
        # Somebody keeps changing one of these customers: fewer at a time meet less of that.
        if at_most == 1:
            raise
        await _work_off(scope, mandates, slice_, at_most // 2)
