"""Live feeds."""

from datetime import datetime

import strawberry

from resolvers import activity_feeds, alerts, bulk_job_feeds, feed_cursor, kpis, list_feeds, status_feeds, tag_feeds
from schema.activity import ActivityEvent, ActivityFilter
from schema.alerts import Alert
from schema.costs import VALUES, list_size
from schema.customer_inputs import CustomerFilter
from schema.customers import Customer
from schema.enums import CustomerStatus, ListChangeKind, Permission
from schema.feed_fields import feed_field
from schema.fields import Argument, field
from schema.kpis import PRODUCT_ARGUMENT, PartnerKpis
from schema.tags import BulkJob, Tag


@strawberry.type
class CustomerStatusChange:
    """A customer gained or lost statuses."""

    cursor: str = field(feed_cursor.change_cursor, str, "Pass it as `after` to continue exactly after this event.")
    at: datetime = strawberry.field(description="The moment of the change.")
    customer = field(feed_cursor.changed_customer, Customer, "The customer as it is when the event is delivered.")
    entered: list[CustomerStatus] = strawberry.field(
        directives=[list_size(len(CustomerStatus)), VALUES], description="The statuses that the customer gained."
    )
    left: list[CustomerStatus] = strawberry.field(
        directives=[list_size(len(CustomerStatus)), VALUES], description="The statuses that the customer lost."
    )
    statuses: list[CustomerStatus] = strawberry.field(
        directives=[list_size(len(CustomerStatus)), VALUES],
        description="The statuses after the event, in order of urgency.",
    )


AFTER_ARGUMENT = Argument(
    str | None,
    description=(
        "The cursor behind which the feed begins: the last one received, or Query.feedCursor. "
        "Without it, the feed begins now. A cursor that is too old is the error CURSOR_EXPIRED."
    ),
)


@strawberry.type
class CustomerListChange:
    """The change that a client must make to keep a filtered list as the server would return it now."""

    cursor: str = field(feed_cursor.change_cursor, str, "Pass it as `after` to continue exactly after this event.")
    kind: ListChangeKind = strawberry.field(description="What to do with the customer.")
    customer_id: strawberry.ID = strawberry.field(description="The id of the customer, also where it has left.")
    customer = field(
        list_feeds.changed_customer,
        Customer | None,
        "The customer as it is when the event is delivered; null once the customer has left the list.",
    )


@strawberry.type
class TagChange:
    """A tag was created, changed or deleted."""

    cursor: str = field(feed_cursor.change_cursor, str, "Pass it as `after` to continue exactly after this event.")
    tag_id: strawberry.ID = strawberry.field(description="The id of the tag, also where it is deleted.")
    tag = field(
        tag_feeds.changed_tag, Tag | None, "The tag as it is when the event is delivered; null once the tag is deleted."
    )


@strawberry.type
class ActivityChange:
    """A new event of the log."""

    cursor: str = field(feed_cursor.change_cursor, str, "Pass it as `after` to continue exactly after this event.")
    event: ActivityEvent = strawberry.field(description="The event.")


@strawberry.type
class AlertChange:
    """An alert opened, changed or was resolved."""

    cursor: str = field(feed_cursor.change_cursor, str, "Pass it as `after` to continue exactly after this event.")
    alert = field(
        alerts.changed_alert, Alert, "The alert as it is when the event is delivered.", depends_on_viewer=True
    )


@strawberry.type
class Subscription:
    """The live feeds. A feed begins at the moment at which its operation was accepted, or after the cursor `after`:
    the last cursor received, or Query.feedCursor. With `after`, on any server, nothing is lost, repeated or
    reordered. A cursor that is too old ends the operation with the error code CURSOR_EXPIRED. The client then
    refetches and starts from the feedCursor of that answer.
    """

    customer_status_changed = feed_field(
        status_feeds.CUSTOMER_STATUS_CHANGED,
        CustomerStatusChange,
        "Status changes of customers that matched the filter before or after the change. `customer` "
        "is as of delivery; `statuses` is as of the event.",
        requires=Permission.READ_CUSTOMERS,
        filter=Argument(
            CustomerFilter | None,
            description="Only customers that match. Without it, every customer that the viewer sees.",
        ),
        status=Argument(
            list[CustomerStatus] | None,
            description="Only changes in which one of these statuses was entered or left. Without it, every status; "
            "an empty list matches nothing.",
        ),
        after=AFTER_ARGUMENT,
    )
    customer_list_changed = feed_field(
        list_feeds.CUSTOMER_LIST_CHANGED,
        CustomerListChange,
        "The changes of a filtered list of customers. ENTERED and LEFT also report that the viewer "
        "gains or loses sight of a customer. UPDATED is any event that names a customer that stays.",
        requires=Permission.READ_CUSTOMERS,
        filter=Argument(
            CustomerFilter | None,
            description="The filter of the list. Without it, every customer that the viewer sees.",
        ),
        after=AFTER_ARGUMENT,
    )
    tag_changed = feed_field(
        tag_feeds.TAG_CHANGED,
        TagChange,
        "A tag was created, changed or deleted. Assigning a tag changes customers, not the tag.",
        after=AFTER_ARGUMENT,
    )
    activity = feed_field(
        activity_feeds.ACTIVITY,
        ActivityChange,
        "The events of the log, as they are written.",
        requires=Permission.READ_ACTIVITY,
        filter=Argument(
            ActivityFilter | None, description="Only events that match. Without it, all events that the viewer sees."
        ),
        after=AFTER_ARGUMENT,
    )
    alert_changed = feed_field(
        alerts.ALERT_CHANGED,
        AlertChange,
        "The alerts of the viewer's own rules that opened, changed or were resolved.",
        after=AFTER_ARGUMENT,
    )
    kpis_changed = feed_field(
        kpis.KPIS_CHANGED,
        PartnerKpis,
        "Sends the current figures at once, then again after changes, at most once a second.",
        requires=Permission.READ_ANALYTICS,
        **PRODUCT_ARGUMENT,
    )
    bulk_job = feed_field(
        bulk_job_feeds.BULK_JOB,
        BulkJob,
        "Sends the job at once, then again as it progresses, at most four times a second. The feed "
        "completes when the job ends. An unknown id is the error BAD_USER_INPUT.",
        id=Argument(strawberry.ID, description="The id of the job."),
    )
