"""Live feeds."""

from datetime import datetime
from typing import Any

import strawberry

from resolvers import feed_cursor, feeds
from schema.customer_inputs import CustomerFilter
from schema.customers import Customer
from schema.enums import CustomerStatus, Permission
from schema.fields import Argument, resolved


@strawberry.type(description="A customer gained or lost statuses.")
class CustomerStatusChange:
    """One event of the feed."""

    cursor: str = strawberry.field(description="Give it back as `after` to go on exactly behind this event.")
    at: datetime
    customer = resolved(feed_cursor.changed_customer, Customer)
    entered: list[CustomerStatus]
    left: list[CustomerStatus]
    statuses: list[CustomerStatus]


def _customer_status_changed(context: Any, _root: None, **arguments: Any) -> Any:
    return feeds.customer_status_changed(context, **arguments)


@strawberry.type(
    description=(
        "A feed begins at the moment its operation was accepted, or behind `after`: the\n"
        "last cursor received, or Query.feedCursor. With it, on any server, nothing is\n"
        "lost, repeated or reordered. A cursor that is too old ends the operation with\n"
        "the error code CURSOR_EXPIRED: refetch, and start from that answer's feedCursor."
    )
)
class Subscription:
    """Each field is an operation of its own on the websocket."""

    customer_status_changed = resolved(
        _customer_status_changed,
        CustomerStatusChange,
        "Of customers that matched the filter before or after; "
        "`customer` is as of delivery, `statuses` as of the event.",
        requires=Permission.READ_CUSTOMERS,
        is_subscription=True,
        filter=Argument(CustomerFilter | None),
        status=Argument(
            list[CustomerStatus] | None, description="Only changes in which one of these was entered or left."
        ),
        after=Argument(str | None),
    )
