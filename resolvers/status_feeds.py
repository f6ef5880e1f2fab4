"""The feed of statuses: which customers gained or lost one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.customers.conditions import AllOf
from domain.customers.matching import matches
from domain.types import ActivityKind, CustomerStatus
from resolvers.feeds import EventFeed, FeedChange, FeedViewer, parse_feed_filter
from store.feed.events import FeedEvent


class CustomerStatusChange(FeedChange, frozen=True):
    """A customer gained or lost statuses; the customer itself is looked up at delivery."""

    at: datetime
    customer_id: str
    entered: tuple[CustomerStatus, ...]
    left: tuple[CustomerStatus, ...]
    statuses: tuple[CustomerStatus, ...]


class StatusCondition(Struct, frozen=True):
    """The customers that a subscription chooses, and the statuses; None stands for every status."""

    customers: AllOf
    statuses: frozenset[str] | None


def parse_condition(
    filter: Mapping[str, Any] | None = None, status: Sequence[CustomerStatus] | None = None
) -> StatusCondition:
    """Return the condition of a subscription; raise BadUserInput."""
    return StatusCondition(parse_feed_filter(filter), None if status is None else frozenset(map(str, status)))


def select_status_change(
    event: FeedEvent, condition: StatusCondition, viewer: FeedViewer
) -> CustomerStatusChange | None:
    """Return the change of a customer that matched before or after the event and is visible after it."""
    if not _matches(event, condition) or not event.is_visible(viewer.restricted_to, viewer.now):
        return None
    document = event.document
    return CustomerStatusChange(
        position=event.position,
        access_grant=event.access_grant(viewer.restricted_to),
        required_customer_id=document["customer_id"],
        at=document["at"],
        customer_id=document["customer_id"],
        entered=_statuses(document["entered"]),
        left=_statuses(document["left"]),
        statuses=_statuses(document["statuses"]),
    )


CUSTOMER_STATUS_CHANGED = EventFeed(parse_condition, select_status_change)


def _matches(event: FeedEvent, condition: StatusCondition) -> bool:
    document = event.document
    if document["kind"] != ActivityKind.STATUS_CHANGED:
        return False
    if condition.statuses is not None and condition.statuses.isdisjoint((*document["entered"], *document["left"])):
        return False
    return any(
        facts is not None and matches(condition.customers, facts) for facts in (event.facts_before, event.facts_after)
    )


def _statuses(names: Sequence[str]) -> tuple[CustomerStatus, ...]:
    return tuple(CustomerStatus(name) for name in names)
