"""The feed of a filtered list: what a client must do to keep it as the server would answer it now."""

from asyncio import gather
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.customers.filter import AllOf, matches
from resolvers.context import Context
from resolvers.feeds import FeedBatch, FeedChange, parse_feed_filter, read_batches, restricting_administrator_id
from store.customers.customers import CustomerDocument
from store.database.scope import administrator_key
from store.feed.events import EventFacts, FeedEvent

# While an answer of the database is read everybody else waits for the interpreter: ten milliseconds for 200 customers.
_LOOKUP_BATCH_SIZE = 25


class ListChangeKind(StrEnum):
    """What the client does with the customer."""

    ENTERED = "ENTERED"
    UPDATED = "UPDATED"
    LEFT = "LEFT"


@dataclass(frozen=True, slots=True)
class CustomerListChange(FeedChange):
    """A customer came into the list, changed in it, or left it; the customer itself is looked up at delivery."""

    kind: ListChangeKind
    customer_id: str


def customer_list_changed(
    context: Context, filter: Mapping[str, Any] | None = None, after: str | None = None
) -> AsyncGenerator[CustomerListChange, None]:
    """The changes behind `after`, or from now on; BadUserInput, InvalidCursor before anything is delivered."""
    return _list_changes(read_batches(context, after), parse_feed_filter(filter))


async def changed_customer(context: Context, change: CustomerListChange) -> CustomerDocument | None:
    """The customer as of delivery; None once it has left."""
    return None if change.kind is ListChangeKind.LEFT else await context.loaders.customers.get(change.customer_id)


async def _list_changes(
    batches: AsyncIterator[FeedBatch], condition: AllOf
) -> AsyncGenerator[CustomerListChange, None]:
    async for batch in batches:
        context = batch.context
        found = [
            (event, kind) for event in batch.events if (kind := _change_kind(context, condition, event)) is not None
        ]
        for start in range(0, len(found), _LOOKUP_BATCH_SIZE):
            some = found[start : start + _LOOKUP_BATCH_SIZE]
            customers = await gather(*(_find_customer(context, event, kind) for event, kind in some))
            for (event, kind), customer in zip(some, customers, strict=True):
                # Who has gone since is told to have left by an event that is still to come.
                if kind is ListChangeKind.LEFT or customer is not None:
                    yield _build_change(context, event, kind)


async def _find_customer(context: Context, event: FeedEvent, kind: ListChangeKind) -> CustomerDocument | None:
    """Looked up together, and through the scope."""
    wanted = kind is not ListChangeKind.LEFT
    return await context.loaders.customers.get(event.document["customer_id"]) if wanted else None


def _change_kind(context: Context, condition: AllOf, event: FeedEvent) -> ListChangeKind | None:
    """What the event is to the list; of the events of one change, one alone carries it."""
    if not event.document["is_first_of_change"]:
        return None
    administrator_id = restricting_administrator_id(context.viewer)
    before, after = event.facts_before, event.facts_after
    # An access that has run out by now was one when the client loaded its list.
    was = (
        before is not None and _is_assigned(before, administrator_id) and matches(condition, before.keys, before.words)
    )
    is_ = after is not None and after.is_visible_to(administrator_id, context.scope.now)
    if is_ and after is not None and matches(condition, after.keys, after.words):
        return ListChangeKind.UPDATED if was else ListChangeKind.ENTERED
    return ListChangeKind.LEFT if was else None


def _is_assigned(facts: EventFacts, administrator_id: str | None) -> bool:
    return administrator_id is None or administrator_key(administrator_id) in facts.keys


def _build_change(context: Context, event: FeedEvent, kind: ListChangeKind) -> CustomerListChange:
    administrator_id = restricting_administrator_id(context.viewer)
    return CustomerListChange(
        position=event.position,
        access_grant=None if kind is ListChangeKind.LEFT else event.access_grant(administrator_id),
        cursor=context.feed.cursor(event.partner_id, event.position),
        kind=kind,
        customer_id=event.document["customer_id"],
    )
