"""The feed of statuses: which customers gained or lost one."""

from asyncio import gather
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.customers.filter import matches
from domain.types import ActivityKind, CustomerStatus
from resolvers.context import Context
from resolvers.feeds import FeedBatch, FeedChange, parse_feed_filter, read_batches, restricting_administrator_id
from store.feed.events import FeedEvent

EventPredicate = Callable[[FeedEvent], bool]


@dataclass(frozen=True, slots=True)
class CustomerStatusChange(FeedChange):
    """A customer gained or lost statuses; the customer itself is looked up at delivery."""

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
    condition = parse_feed_filter(filter)
    chosen = None if status is None else frozenset(str(one) for one in status)

    def is_relevant(event: FeedEvent) -> bool:
        document = event.document
        if document["kind"] != ActivityKind.STATUS_CHANGED:
            return False
        if chosen is not None and chosen.isdisjoint((*document["entered"], *document["left"])):
            return False
        both = (event.facts_before, event.facts_after)
        return any(facts is not None and matches(condition, facts.keys, facts.words) for facts in both)

    return _status_changes(read_batches(context, after), is_relevant)


async def _status_changes(
    batches: AsyncIterator[FeedBatch], is_relevant: EventPredicate
) -> AsyncGenerator[CustomerStatusChange, None]:
    async for batch in batches:
        context = batch.context
        administrator_id, now = restricting_administrator_id(context.viewer), context.scope.now
        found = [event for event in batch.events if is_relevant(event) and event.is_visible(administrator_id, now)]
        # Looked up together, and through the scope: who lost sight of the customer since hears nothing.
        customers = await gather(*(context.loaders.customers.get(event.document["customer_id"]) for event in found))
        for event, customer in zip(found, customers, strict=True):
            if customer is not None:
                yield _build_change(context, event, administrator_id)


def _build_change(context: Context, event: FeedEvent, administrator_id: str | None) -> CustomerStatusChange:
    document = event.document
    return CustomerStatusChange(
        position=event.position,
        access_grant=event.access_grant(administrator_id),
        cursor=context.feed.cursor(event.partner_id, event.position),
        at=document["at"],
        customer_id=document["customer_id"],
        entered=_statuses(document["entered"]),
        left=_statuses(document["left"]),
        statuses=_statuses(document["statuses"]),
    )


def _statuses(names: Sequence[str]) -> tuple[CustomerStatus, ...]:
    return tuple(CustomerStatus(name) for name in names)
