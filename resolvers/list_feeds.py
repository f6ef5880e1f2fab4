"""The feed of a filtered list: what a client must do to keep it as the server would return it now."""

from enum import StrEnum

from domain.customers.conditions import AllOf
from domain.customers.matching import matches
from resolvers.context import Context
from resolvers.feeds import EventFeed, FeedChange, FeedViewer, parse_feed_filter
from store.customers.customers import CustomerDocument
from store.database.scope import administrator_key
from store.feed.events import EventFacts, FeedEvent


class ListChangeKind(StrEnum):
    """What the client does with the customer."""

    ENTERED = "ENTERED"
    UPDATED = "UPDATED"
    LEFT = "LEFT"


class CustomerListChange(FeedChange, frozen=True):
    """A customer entered the list, changed in it, or left it; the customer itself is looked up at delivery."""

    kind: ListChangeKind
    customer_id: str


def select_list_change(event: FeedEvent, condition: AllOf, viewer: FeedViewer) -> CustomerListChange | None:
    """Return what the event means to the list; of several events of one write, only the first is a change."""
    if not event.document["is_first_of_change"]:
        return None
    kind = _change_kind(event, condition, viewer)
    if kind is None:
        return None
    customer_id = event.document["customer_id"]
    # LEFT needs no visibility: it tells a client to remove what it already has. For a customer that became invisible
    # after an ENTERED or UPDATED, a later event is its LEFT.
    has_left = kind is ListChangeKind.LEFT
    return CustomerListChange(
        position=event.position,
        access_grant=None if has_left else event.access_grant(viewer.restricted_to),
        required_customer_id=None if has_left else customer_id,
        kind=kind,
        customer_id=customer_id,
    )


CUSTOMER_LIST_CHANGED = EventFeed(parse_feed_filter, select_list_change)


async def changed_customer(context: Context, change: CustomerListChange) -> CustomerDocument | None:
    """The customer as of delivery; None once it has left."""
    return None if change.kind is ListChangeKind.LEFT else await context.loaders.customers.load(change.customer_id)


def _change_kind(event: FeedEvent, condition: AllOf, viewer: FeedViewer) -> ListChangeKind | None:
    before, after = event.facts_before, event.facts_after
    # Expiry is not checked before the event: access that has expired by now had not when the client loaded its list.
    was_listed = before is not None and _is_assigned(before, viewer) and matches(condition, before)
    if after is not None and after.is_visible_to(viewer.restricted_to, viewer.now) and matches(condition, after):
        return ListChangeKind.UPDATED if was_listed else ListChangeKind.ENTERED
    return ListChangeKind.LEFT if was_listed else None


def _is_assigned(facts: EventFacts, viewer: FeedViewer) -> bool:
    return viewer.restricted_to is None or administrator_key(viewer.restricted_to) in facts.keys
