"""The feed of one bulk job: how far it has come, until it ends."""

from collections.abc import AsyncGenerator

from domain.partner.bulk_jobs import BulkJobState
from resolvers.context import Context
from resolvers.state_feeds import StateFeed, follow_state
from store.feed.events import FeedEvent
from store.tags.bulk_jobs import BulkJobDocument

# At most four times a second, as the contract has it.
MIN_INTERVAL_SECONDS = 0.25
POLL_INTERVAL_SECONDS = 1.0


def bulk_job(context: Context, id: str) -> AsyncGenerator[BulkJobDocument, None]:
    """The job at once, then as it goes on; a job that does not exist for the viewer ends the feed without a word."""

    async def read(context: Context) -> BulkJobDocument | None:
        return await context.loaders.bulk_jobs.get(id)

    feed = StateFeed(
        read, _may_affect_a_job, MIN_INTERVAL_SECONDS, POLL_INTERVAL_SECONDS, _has_ended, ends_when_missing=True
    )
    return follow_state(context, feed)


def _may_affect_a_job(event: FeedEvent) -> bool:
    return event.document["kind"] in ("TAGS_ASSIGNED", "TAGS_REMOVED")


def _has_ended(job: BulkJobDocument) -> bool:
    return job.state is not BulkJobState.RUNNING
