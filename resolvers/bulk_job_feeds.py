"""The feed of one bulk job: its progress, until it ends."""

from domain.failures import BulkJobNotFound
from domain.partner.bulk_jobs import BulkJobState
from resolvers.context import Context
from resolvers.feeds import StateFeed
from store.feed.events import FeedEvent
from store.tags.bulk_jobs import BulkJobDocument

# The schema promises at most four states a second.
MIN_INTERVAL_SECONDS = 0.25
POLL_INTERVAL_SECONDS = 1.0


async def read_bulk_job(context: Context, id: str) -> BulkJobDocument:
    """Return the job; raise BulkJobNotFound where it does not exist for the viewer."""
    job = await context.loaders.bulk_jobs.load(id)
    if job is None:
        raise BulkJobNotFound
    return job


def affects_bulk_jobs(event: FeedEvent) -> bool:
    """Return whether a job that tags customers may have written the event; other jobs are polled."""
    return event.document["kind"] in ("TAGS_ASSIGNED", "TAGS_REMOVED")


def has_ended(job: BulkJobDocument) -> bool:
    """Return whether the job's state no longer changes."""
    return job.state is not BulkJobState.RUNNING


BULK_JOB = StateFeed(read_bulk_job, affects_bulk_jobs, MIN_INTERVAL_SECONDS, POLL_INTERVAL_SECONDS, has_ended)
