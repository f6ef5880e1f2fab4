"""Live feeds."""

from datetime import datetime

import strawberry

from resolvers import activity_feeds, bulk_job_feeds, feed_cursor, kpis, list_feeds, status_feeds, tag_feeds
from resolvers.list_feeds import ListChangeKind
from schema.activity import ActivityEvent, ActivityFilter
from schema.bulk_jobs import BulkJob
from schema.customer_inputs import CustomerFilter
from schema.customers import Customer
from schema.enums import CustomerStatus, Permission
from schema.feed_fields import feed_field
from schema.fields import Argument, field
from schema.kpis import PRODUCT_ARGUMENT, PartnerKpis
from schema.tags import Tag


@strawberry.type(description="A customer gained or lost statuses.")
class CustomerStatusChange:
    """One event of the feed."""

    cursor: str = field(feed_cursor.change_cursor, str, "Give it back as `after` to go on exactly behind this event.")
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

    cursor: str = field(feed_cursor.change_cursor, str)
    kind: ListChangeKind
    customer_id: strawberry.ID
    customer = field(list_feeds.changed_customer, Customer | None, "Null once it has left.")


@strawberry.type
class TagChange:
    """One event of the feed."""

    cursor: str = field(feed_cursor.change_cursor, str)
    tag_id: strawberry.ID
    tag = field(tag_feeds.changed_tag, Tag | None, "Null once it is deleted.")


@strawberry.type
class ActivityChange:
    """One event of the feed."""

    cursor: str = field(feed_cursor.change_cursor, str)
    event: ActivityEvent


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

    customer_status_changed = feed_field(
        status_feeds.CUSTOMER_STATUS_CHANGED,
        CustomerStatusChange,
        "Of customers that matched the filter before or after; "
        "`customer` is as of delivery, `statuses` as of the event.",
        requires=Permission.READ_CUSTOMERS,
        filter=Argument(CustomerFilter | None),
        status=Argument(
            list[CustomerStatus] | None, description="Only changes in which one of these was entered or left."
        ),
        after=AFTER_ARGUMENT,
    )
    customer_list_changed = feed_field(
        list_feeds.CUSTOMER_LIST_CHANGED,
        CustomerListChange,
        "Gaining and losing sight of a customer are ENTERED and LEFT too; "
        "UPDATED is anything that names a customer who stays.",
        requires=Permission.READ_CUSTOMERS,
        filter=Argument(CustomerFilter | None),
        after=AFTER_ARGUMENT,
    )
    tag_changed = feed_field(
        tag_feeds.TAG_CHANGED,
        TagChange,
        "Created, changed, deleted; assigning a tag changes customers, not the tag.",
        after=AFTER_ARGUMENT,
    )
    activity = feed_field(
        activity_feeds.ACTIVITY,
        ActivityChange,
        requires=Permission.READ_ACTIVITY,
        filter=Argument(ActivityFilter | None),
        after=AFTER_ARGUMENT,
    )
    kpis_changed = feed_field(
        kpis.KPIS_CHANGED,
        PartnerKpis,
        "The current figures at once, then again after changes, at most once a second.",
        requires=Permission.READ_ANALYTICS,
        **PRODUCT_ARGUMENT,
    )
    bulk_job = feed_field(
        bulk_job_feeds.BULK_JOB,
        BulkJob,
        "The job at once, then as it goes on, at most four times a second; completes when it ends.",
        id=Argument(strawberry.ID),
    )
