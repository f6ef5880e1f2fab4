"""The feed of one bulk job: how far it has come, until it ends."""

from collections.abc import AsyncGenerator

from domain.partner.bulk_jobs import BulkJobState
from resolvers.context import Context
from resolvers.state_feeds import StateFeed, states
from store.feed.events import FeedEvent
from store.tags.bulk_jobs import BulkJobDocument

# At most four times a second, as the contract has it.
PAUSE_SECONDS = 0.25
LOOK_AGAIN_SECONDS = 1.0


def bulk_job(context: Context, id: str) -> AsyncGenerator[BulkJobDocument, None]:
    """The job at once, then as it goes on; a job that does not exist for the viewer ends the feed without a word."""

    async def read(context: Context) -> BulkJobDocument | None:
        return await context.loaders.bulk_jobs.get(id)

    feed = StateFeed(read, _may_be_of_a_job, PAUSE_SECONDS, LOOK_AGAIN_SECONDS, _is_over, ends_without=True)
    return states(context, feed)


def _may_be_of_a_job(event: FeedEvent) -> bool:
    return event.document["kind"] in ("TAGS_ASSIGNED", "TAGS_REMOVED")


def _is_over(job: BulkJobDocument) -> bool:
    return job.state is not BulkJobState.RUNNING
