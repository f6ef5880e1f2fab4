"""The feed of tags: created, changed, deleted."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from domain.types import ActivityKind
from resolvers.context import Context
from resolvers.feeds import FeedBatch, FeedChange, read_batches
from store.tags.documents import TagDocument

_TAG_EVENT_KINDS = frozenset({ActivityKind.TAG_CREATED, ActivityKind.TAG_CHANGED, ActivityKind.TAG_DELETED})


@dataclass(frozen=True, slots=True)
class TagChange(FeedChange):
    """A tag that was created, changed or deleted; the tag itself is looked up at delivery."""

    tag_id: str


def tag_changed(context: Context, after: str | None = None) -> AsyncGenerator[TagChange, None]:
    """The changes behind `after`, or from now on; InvalidCursor before anything is delivered."""
    return _tag_changes(read_batches(context, after))


async def changed_tag(context: Context, change: TagChange) -> TagDocument | None:
    """The tag as of delivery; None once it is deleted."""
    return await context.loaders.tags.get(change.tag_id)


async def _tag_changes(batches: AsyncIterator[FeedBatch]) -> AsyncGenerator[TagChange, None]:
    async for batch in batches:
        for event in batch.events:
            if event.document["kind"] in _TAG_EVENT_KINDS:
                cursor = batch.context.feed.cursor(event.partner_id, event.position)
                yield TagChange(event.position, None, cursor, event.document["subject_id"])
