"""Live feeds: which events a subscription hears of, and what it says of each."""

from asyncio import gather
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.customer_filter import matches, parse_filter, uses_time
from domain.failures import BadUserInput
from domain.feed_cursors import Position
from domain.permissions import sees_all_customers
from domain.types import ActivityKind, CustomerStatus
from resolvers.context import Context, Viewer
from store.clock import utc_now
from store.feed_events import FeedEvent

Tells = Callable[[FeedEvent], bool]


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """Some events in order, and the context in which all that they lead to is looked up."""

    context: Context
    events: Sequence[FeedEvent]


@dataclass(frozen=True, slots=True)
class Change:
    """What every feed's payload carries for its delivery: its place, and when the viewer's sight of it ends."""

    position: Position
    visible_until: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerStatusChange(Change):
    """A customer gained or lost statuses; the customer itself is looked up at delivery."""

    cursor: str
    at: datetime
    customer_id: str
    entered: tuple[CustomerStatus, ...]
    left: tuple[CustomerStatus, ...]
    statuses: tuple[CustomerStatus, ...]


def customer_status_changed(
    context: Context,
    filter: Mapping[str, Any] | None = None,
    status: Sequence[CustomerStatus] | None = None,
    after: str | None = None,
) -> AsyncGenerator[CustomerStatusChange, None]:
    """The changes behind `after`, or from now on; BadUserInput, InvalidCursor before anything is delivered."""
    condition = parse_filter(filter)
    if uses_time(condition):
        raise BadUserInput("expiresWithinDays cannot be used in a feed: time alone would change its answer.")
    chosen = None if status is None else frozenset(str(one) for one in status)

    def tells(event: FeedEvent) -> bool:
        document = event.document
        if document["kind"] != ActivityKind.STATUS_CHANGED:
            return False
        if chosen is not None and chosen.isdisjoint((*document["entered"], *document["left"])):
            return False
        both = (event.facts_before, event.facts_after)
        return any(facts is not None and matches(condition, facts.keys, facts.words) for facts in both)

    return _status_changes(_batches(context, after), tells)


async def _status_changes(
    batches: AsyncIterator[FeedBatch], tells: Tells
) -> AsyncGenerator[CustomerStatusChange, None]:
    async for batch in batches:
        context = batch.context
        administrator_id, now = _assigned_only(context.viewer), context.scope.now
        found = [event for event in batch.events if tells(event) and event.is_visible(administrator_id, now)]
        # Looked up together, and through the scope: who lost sight of the customer since hears nothing.
        customers = await gather(*(context.loaders.customers.get(event.document["customer_id"]) for event in found))
        for event, customer in zip(found, customers, strict=True):
            if customer is not None:
                yield _status_change(context, event, administrator_id)


def _status_change(context: Context, event: FeedEvent, administrator_id: str | None) -> CustomerStatusChange:
    document = event.document
    return CustomerStatusChange(
        position=event.position,
        visible_until=event.visible_until(administrator_id),
        cursor=context.feed.cursor(event.partner_id, event.position),
        at=document["at"],
        customer_id=document["customer_id"],
        entered=_statuses(document["entered"]),
        left=_statuses(document["left"]),
        statuses=_statuses(document["statuses"]),
    )


def _statuses(names: Sequence[str]) -> tuple[CustomerStatus, ...]:
    return tuple(CustomerStatus(name) for name in names)


def _assigned_only(viewer: Viewer) -> str | None:
    """The administrator to whose assignments sight is bound; None for those who see every customer."""
    return None if sees_all_customers(viewer.administrator.role) else viewer.administrator.id


def _batches(context: Context, after: str | None) -> AsyncIterator[FeedBatch]:
    """What the websocket hands over, already behind `after`; else the feed itself."""
    if context.events is not None:
        return context.events
    partner_id, feed = context.scope.partner_id, context.feed
    position = feed.position if after is None else feed.read_cursor(partner_id, after)
    return _followed(context, position)


async def _followed(context: Context, position: Position) -> AsyncIterator[FeedBatch]:
    async for stretch in context.feed.follow(context.scope.partner_id, position):
        scope = replace(context.scope, now=utc_now())
        yield FeedBatch(Context(scope, context.viewer, context.feed), stretch.events)
