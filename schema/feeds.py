"""Live feeds."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import strawberry

from resolvers import activity_feeds, bulk_job_feeds, feed_cursor, kpis, list_feeds, status_feeds, tag_feeds
from resolvers.list_feeds import ListChangeKind
from schema.activity import ActivityEvent, ActivityFilter
from schema.bulk_jobs import BulkJob
from schema.customer_inputs import CustomerFilter
from schema.customers import Customer
from schema.enums import CustomerStatus, Permission
from schema.fields import Argument, field
from schema.kpis import PRODUCT_ARGUMENT, PartnerKpis
from schema.tags import Tag


@strawberry.type(description="A customer gained or lost statuses.")
class CustomerStatusChange:
    """One event of the feed."""

    cursor: str = strawberry.field(description="Give it back as `after` to go on exactly behind this event.")
    at: datetime
    customer = field(feed_cursor.changed_customer, Customer)
    entered: list[CustomerStatus]
    left: list[CustomerStatus]
    statuses: list[CustomerStatus]


strawberry.enum(ListChangeKind)
AFTER_ARGUMENT = Argument(str | None)


@strawberry.type(description="What a client must do to keep a filtered list as the server would return it now.")
class CustomerListChange:
    """One event of the feed."""

    cursor: str
    kind: ListChangeKind
    customer_id: strawberry.ID
    customer = field(list_feeds.changed_customer, Customer | None, "Null once it has left.")


@strawberry.type
class TagChange:
    """One event of the feed."""

    cursor: str
    tag_id: strawberry.ID
    tag = field(tag_feeds.changed_tag, Tag | None, "Null once it is deleted.")


@strawberry.type
class ActivityChange:
    """One event of the feed."""

    cursor: str
    event: ActivityEvent


def _root_resolver(feed: Callable[..., Any]) -> Callable[..., Any]:
    """The feed as the resolver of a root field, which has no parent."""
    return lambda context, _root, **arguments: feed(context, **arguments)


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

    customer_status_changed = field(
        _root_resolver(status_feeds.customer_status_changed),
        CustomerStatusChange,
        "Of customers that matched the filter before or after; "
        "`customer` is as of delivery, `statuses` as of the event.",
        requires=Permission.READ_CUSTOMERS,
        is_subscription=True,
        filter=Argument(CustomerFilter | None),
        status=Argument(
            list[CustomerStatus] | None, description="Only changes in which one of these was entered or left."
        ),
        after=AFTER_ARGUMENT,
    )
    customer_list_changed = field(
        _root_resolver(list_feeds.customer_list_changed),
        CustomerListChange,
        "Gaining and losing sight of a customer are ENTERED and LEFT too; "
        "UPDATED is anything that names a customer who stays.",
        requires=Permission.READ_CUSTOMERS,
        is_subscription=True,
        filter=Argument(CustomerFilter | None),
        after=AFTER_ARGUMENT,
    )
    tag_changed = field(
        _root_resolver(tag_feeds.tag_changed),
        TagChange,
        "Created, changed, deleted; assigning a tag changes customers, not the tag.",
        is_subscription=True,
        after=AFTER_ARGUMENT,
    )
    activity = field(
        _root_resolver(activity_feeds.activity),
        ActivityChange,
        requires=Permission.READ_ACTIVITY,
        is_subscription=True,
        filter=Argument(ActivityFilter | None),
        after=AFTER_ARGUMENT,
    )
    kpis_changed = field(
        _root_resolver(kpis.kpis_changed),
        PartnerKpis,
        "The current figures at once, then again after changes, at most once a second.",
        requires=Permission.READ_ANALYTICS,
        is_subscription=True,
        **PRODUCT_ARGUMENT,
    )
    bulk_job = field(
        _root_resolver(bulk_job_feeds.bulk_job),
        BulkJob,
        "The job at once, then as it goes on, at most four times a second; completes when it ends.",
        is_subscription=True,
        id=Argument(strawberry.ID),
    )
