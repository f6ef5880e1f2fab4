"""The feed of the activity: what happens, as it happens, to whoever may read it."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.partner.activity import ActivityCondition, activity_condition, tells_of
from resolvers.context import Context
from resolvers.feeds import Change, FeedBatch, assigned_only, batches
from store.events.activity import EventDocument
from store.events.activity_queries import Sight
from store.feed.events import FeedEvent


@dataclass(frozen=True, slots=True)
class ActivityChange(Change):
    """Something that happened."""

    event: EventDocument


def activity(
    context: Context, filter: Mapping[str, Any] | None = None, after: str | None = None
) -> AsyncGenerator[ActivityChange, None]:
    """What happens behind `after`, or from now on; BadUserInput, InvalidCursor before anything is delivered."""
    return _activity(batches(context, after), activity_condition(filter))


async def _activity(
    batches: AsyncIterator[FeedBatch], condition: ActivityCondition
) -> AsyncGenerator[ActivityChange, None]:
    async for batch in batches:
        context = batch.context
        told = [event for event in batch.events if tells_of(condition, event.document)]
        # Looked up together, and as of now: who lost sight of a customer since hears nothing.
        visible = await Sight(context.scope).visible([event.document for event in told])
        seen = {document["_id"] for document in visible}
        for event in told:
            if event.document["_id"] in seen:
                yield _change(context, event)


def _change(context: Context, event: FeedEvent) -> ActivityChange:
    administrator_id = assigned_only(context.viewer)
    is_own = event.document["actor_id"] == context.viewer.administrator.id
    return ActivityChange(
        position=event.position,
        hold=None if is_own else event.hold(administrator_id),
        cursor=context.feed.cursor(event.partner_id, event.position),
        event=EventDocument.read(event.document),
    )
