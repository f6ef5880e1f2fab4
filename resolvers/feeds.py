"""The two kinds of feeds, declared on the root fields of Subscription and served by server/live.

An EventFeed turns each event of the log into at most one change. A StateFeed reads a state again after the events that
may have changed it. Neither knows how it is served: no generator and no list is shared with the server.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from msgspec import Struct

from domain.cursors.feed import Position
from domain.customers.conditions import AllOf
from domain.customers.filter import find_time_conditions, parse_filter
from domain.failures import ConditionNotInFeed
from domain.permissions import can_see_all_customers
from resolvers.context import Context
from store.feed.events import AccessGrant, FeedEvent

Condition = TypeVar("Condition")
State = TypeVar("State")
Change = TypeVar("Change", bound="FeedChange")


class FeedViewer(Struct, frozen=True):
    """The viewer of a feed at the moment when events are selected.

    `restricted_to` is the administrator whose assignments limit the visible customers; None where all are visible.
    """

    administrator_id: str
    restricted_to: str | None
    now: datetime

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """Return the viewer of an operation."""
        administrator = context.viewer.administrator
        is_unrestricted = can_see_all_customers(administrator.role)
        return cls(administrator.id, None if is_unrestricted else administrator.id, context.scope.now)


class FeedChange(Struct, frozen=True):
    """What an event means to a subscription: the root value of its selection set.

    `position` is the event's. `access_grant` is the grant that makes the change visible to the viewer; None where the
    change does not depend on one. `required_customer_id` names a customer that must be visible at delivery; where it no
    longer is, the change is dropped.
    """

    position: Position
    access_grant: AccessGrant | None
    required_customer_id: str | None


async def filter_visible_changes(context: Context, changes: Sequence[Change]) -> Sequence[Change]:
    """Return the changes whose required customer is visible to the viewer now, with one look-up for all."""
    customer_ids = {change.required_customer_id for change in changes} - {None}
    customers = await context.loaders.customers.load_many(str(id_) for id_ in customer_ids)
    visible = {customer.id for customer in customers if customer is not None}
    return [
        change for change in changes if change.required_customer_id is None or change.required_customer_id in visible
    ]


class EventFeed(Struct, Generic[Condition], frozen=True):
    """A feed of changes.

    `parse(**arguments)` returns the condition of a subscription; it raises BadUserInput.
    `select(event, condition, viewer)` is pure: it returns the change, or None for an event that is not one.
    `only_visible(context, changes)` returns those changes whose objects the viewer still sees at delivery.
    """

    parse: Callable[..., Condition]
    select: Callable[[FeedEvent, Condition, FeedViewer], FeedChange | None]
    only_visible: Callable[[Context, Sequence[Any]], Awaitable[Sequence[Any]]] = filter_visible_changes


class StateFeed(Struct, Generic[State], frozen=True):
    """A feed of a state, delivered at once and again after changes; states in between are skipped.

    `read(context, **arguments)` returns the state; a failure that it raises ends the feed. It is called after events
    for which `is_affected` is true, when `context.valid_until` is reached, and after `poll_interval` seconds; at least
    `min_interval` seconds lie between two calls. The feed ends after a state that `is_final`.

    `at_moment_of(state, earlier)` returns the state with the moment of an earlier one. A state that differs in its
    moment alone is not delivered: it would tell that something changed which the viewer cannot see.
    """

    read: Callable[..., Awaitable[State]]
    is_affected: Callable[[FeedEvent], bool]
    min_interval: float
    poll_interval: float = 3600.0
    is_final: Callable[[State], bool] = lambda _: False
    at_moment_of: Callable[[State, State], State] | None = None


def parse_feed_filter(filter: Mapping[str, Any] | None = None) -> AllOf:
    """Return the condition of a feed's filter; raise ConditionNotInFeed for conditions that feeds refuse."""
    condition = parse_filter(filter)
    for name in find_time_conditions(filter or {}):
        raise ConditionNotInFeed(name)
    return condition
