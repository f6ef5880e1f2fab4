"""The feed of tags: created, changed, deleted."""

from domain.types import ActivityKind
from resolvers.context import Context
from resolvers.feeds import EventFeed, FeedChange, FeedViewer
from store.feed.events import FeedEvent
from store.tags.documents import TagDocument

_TAG_EVENT_KINDS = frozenset({ActivityKind.TAG_CREATED, ActivityKind.TAG_CHANGED, ActivityKind.TAG_DELETED})


class TagChange(FeedChange, frozen=True):
    """A tag that was created, changed or deleted; the tag itself is looked up at delivery."""

    tag_id: str


def parse_condition() -> None:
    """Return nothing: every tag of the partner is visible to every viewer."""


def select_tag_change(event: FeedEvent, _condition: None, _viewer: FeedViewer) -> TagChange | None:
    """Return the change of the tag that the event is about."""
    if event.document["kind"] not in _TAG_EVENT_KINDS:
        return None
    return TagChange(
        position=event.position, access_grant=None, required_customer_id=None, tag_id=event.document["subject_id"]
    )


TAG_CHANGED = EventFeed(parse_condition, select_tag_change)


async def changed_tag(context: Context, change: TagChange) -> TagDocument | None:
    """The tag as of delivery; None once it is deleted."""
    return await context.loaders.tags.load(change.tag_id)
