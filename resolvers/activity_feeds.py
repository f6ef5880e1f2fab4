"""The feed of the activity: what happens, as it happens, to whoever may read it."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.partner.activity import ActivityCondition, activity_condition, matches_event
from resolvers.context import Context
from resolvers.feeds import FeedBatch, FeedChange, read_batches, restricting_administrator_id
from store.events.activity import EventDocument
from store.events.activity_queries import ActivityVisibility
from store.feed.events import FeedEvent


@dataclass(frozen=True, slots=True)
class ActivityChange(FeedChange):
    """Something that happened."""

    event: EventDocument


def activity(
    context: Context, filter: Mapping[str, Any] | None = None, after: str | None = None
) -> AsyncGenerator[ActivityChange, None]:
    """What happens behind `after`, or from now on; BadUserInput, InvalidCursor before anything is delivered."""
    return _activity(read_batches(context, after), activity_condition(filter))


async def _activity(
    batches: AsyncIterator[FeedBatch], condition: ActivityCondition
) -> AsyncGenerator[ActivityChange, None]:
    async for batch in batches:
        context = batch.context
        told = [event for event in batch.events if matches_event(condition, event.document)]
        # Looked up together, and as of now: who lost sight of a customer since hears nothing.
        visible = await ActivityVisibility(context.scope).filter_visible([event.document for event in told])
        seen = {document["_id"] for document in visible}
        for event in told:
            if event.document["_id"] in seen:
                yield _build_change(context, event)


def _build_change(context: Context, event: FeedEvent) -> ActivityChange:
    administrator_id = restricting_administrator_id(context.viewer)
    is_own = event.document["actor_id"] == context.viewer.administrator.id
    return ActivityChange(
        position=event.position,
        access_grant=None if is_own else event.access_grant(administrator_id),
        cursor=context.feed.cursor(event.partner_id, event.position),
        event=EventDocument.read(event.document),
    )
