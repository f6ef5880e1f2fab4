"""What all feeds share: their source of events, their place in it, and whose sight they are bound to."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.cursors.feed import Position
from domain.customers.filter import AllOf, parse_filter, uses_time
from domain.failures import BadUserInput
from domain.permissions import can_see_all_customers
from resolvers.context import Context, Viewer
from store.database.clock import utc_now
from store.feed.events import AccessGrant, FeedEvent


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """Some events in order, and the context in which all that they lead to is looked up."""

    context: Context
    events: Sequence[FeedEvent]


@dataclass(frozen=True, slots=True)
class FeedChange:
    """What every feed's payload carries for its delivery: its place, and the hold that it may be told by, if any."""

    position: Position
    access_grant: AccessGrant | None
    cursor: str


def parse_feed_filter(filter: Mapping[str, Any] | None) -> AllOf:
    """The filter of a feed; BadUserInput for one that time alone would turn."""
    condition = parse_filter(filter)
    if uses_time(condition):
        raise BadUserInput("expiresWithinDays cannot be used in a feed: time alone would change its answer.")
    return condition


def restricting_administrator_id(viewer: Viewer) -> str | None:
    """The administrator to whose assignments sight is bound; None for those who see every customer."""
    return None if can_see_all_customers(viewer.administrator.role) else viewer.administrator.id


def read_batches(context: Context, after: str | None) -> AsyncIterator[FeedBatch]:
    """What the websocket hands over, already behind `after`; else the feed itself."""
    if context.events is not None:
        return context.events
    partner_id, feed = context.scope.partner_id, context.feed
    position = feed.position if after is None else feed.read_cursor(partner_id, after)
    return _follow(context, position)


async def _follow(context: Context, position: Position) -> AsyncIterator[FeedBatch]:
    async for segment in context.feed.follow(context.scope.partner_id, position):
        scope = replace(context.scope, now=utc_now())
        yield FeedBatch(Context(scope, context.viewer, context.feed), segment.events)
