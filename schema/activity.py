"""Activity: the audit log, from which all live feeds are served."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import activity, connections
from schema.costs import RELATION_COST, ROWS, list_size
from schema.enums import ActivityKind, Permission, register_enum
from schema.fields import NO_KEYS, SAME_READ, Argument, field
from schema.node import PAGED, Node, PageInfo
from schema.organization import PartnerAdministrator
from schema.stored_values import shows
from store.customers.documents import CustomerDocument
from store.events.activity import EventDocument

if TYPE_CHECKING:
    from schema.customers import Customer


_KIND_DESCRIPTIONS = {
    "CUSTOMER_ADDED": "A customer was delivered for the first time, or created with a trial.",
    "CUSTOMER_CHANGED": "Facts of the customer itself changed, for example its name or country.",
    "CUSTOMER_REMOVED": "The customer was removed. It is now found only in the log.",
    "CUSTOMER_LAUNCHED": "An address of the customer's console was issued or used.",
    "STATUS_CHANGED": "The customer entered or left statuses.",
    "TAG_CREATED": "A tag was created.",
    "TAG_CHANGED": "The name, color or description of a tag changed.",
    "TAG_DELETED": "A tag was deleted, which took it off every customer.",
    "TAGS_ASSIGNED": "Tags were put on a customer.",
    "TAGS_REMOVED": "Tags were taken off a customer.",
    "TRIAL_STARTED": "A trial was started by an administrator, or delivered for the first time.",
    "TRIAL_CHANGED": "Facts of a trial changed, for example its licenses.",
    "TRIAL_EXTENDED": "Days were added to the end of a trial.",
    "TRIAL_ENDED": "A trial was ended early by an administrator.",
    "TRIAL_CONVERTED": "A trial was converted into a subscription.",
    "SUBSCRIPTION_ADDED": "A subscription was delivered for the first time, or made from a trial.",
    "SUBSCRIPTION_CHANGED": "Facts of a subscription changed, for example its end or an order.",
    "SUBSCRIPTION_RENEWED": "A subscription renewed by itself for another term.",
    "SUBSCRIPTION_CANCELLED": "A cancellation of a subscription was delivered.",
    "ORDER_ADDED": "An order of a subscription was added.",
    "INVOICE_CHANGED": "An invoice was added, or its state or another fact changed.",
    "ORDER_SET_UP": "The setup of an ordered subscription was completed.",
    "LICENSES_CHANGED": "The license figures of a subscription or trial changed.",
    "ADMINISTRATOR_INVITED": "An administrator was invited.",
    "ADMINISTRATOR_CHANGED": "The role, name or state of an administrator changed.",
    "ADMINISTRATOR_REMOVED": "An administrator was removed.",
    "ADMINISTRATOR_ASSIGNED": "An administrator was assigned to a customer.",
    "ADMINISTRATOR_UNASSIGNED": "The assignment of an administrator to a customer ended.",
    "ORGANIZATION_CHANGED": "The profile of the partner organization changed.",
    "TERMS_ACCEPTED": "The terms were accepted.",
    "SETUP_STEP_COMPLETED": "A step of the first-time setup was completed.",
    "SERVICE_CHANGED": "A service of the partner was switched on or off.",
    "SETTINGS_CHANGED": "A threshold of the partner's settings changed.",
    "HELPDESK_REQUESTED": "A request was sent to the helpdesk.",
    "HELPDESK_CLOSED": "A request to the helpdesk was closed.",
    "ORGANIZATION_LAUNCHED": "An address of the partner organization's console was issued or used.",
    "WEBHOOK_CHANGED": "A webhook was created, changed, paused, disabled or deleted, or got a new secret.",
    "ALERT_RULE_CHANGED": "An alert rule was created, changed or deleted.",
    "ALERT_CHANGED": "An alert opened, was acknowledged, snoozed or resolved, or opened again after its snooze.",
    "EXPORTED": "An address that exports a list was issued or used.",
    "VIEW_SAVED": "A view was created or changed.",
    "VIEW_DELETED": "A view was deleted.",
}
register_enum(ActivityKind, "The kind of an event. New kinds are added over time.", _KIND_DESCRIPTIONS)


@strawberry.type
class ActivityFieldChange:
    """The values of one field before and after an event."""

    field: str = strawberry.field(description="The name of the field, as the API spells it.")
    before: strawberry.scalars.JSON | None = strawberry.field(description="The value before the event.")
    after: strawberry.scalars.JSON | None = strawberry.field(description="The value after the event.")


@strawberry.type
@shows(EventDocument)
class ActivityEvent(Node):
    """Something that happened. The event is written in the same transaction as the change itself."""

    kind: ActivityKind = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="The moment at which it happened.")
    actor = field(
        activity.actor,
        PartnerAdministrator | None,
        "The administrator who made the change; null where the system made it: the clock, or an import.",
        batch=True,
        reads=(EventDocument.actor_id,),
    )
    customer = field(
        activity.customer,
        Annotated["Customer", strawberry.lazy("schema.customers")] | None,
        "The customer that the event is about; null where it is about none, or where the customer was removed.",
        batch=True,
        reads=(EventDocument.customer_id,),
    )
    # Views are private, and helpdesk requests too.
    subject = field(
        activity.subject,
        Node | None,
        "The object that the event is about, for example a tag or a trial; null where it is gone, "
        "has no id or is not visible to the viewer.",
        depends_on_viewer=True,
        batch=True,
        reads=(EventDocument.subject_id,),
    )
    summary: str = strawberry.field(description="What happened, in one English sentence.")
    changes = field(
        activity.changes,
        list[ActivityFieldChange],
        (
            "The changes, field by field; empty where the event is not a change of fields. Of a long list the first "
            "100 items are shown, of a long text the first 1,000 characters. They never contain a secret."
        ),
        list_size=list_size(100, typical=5),
        batch=True,
        reads=(EventDocument.id,),
    )


@strawberry.type
class ActivityEdge:
    """An event and its cursor."""

    cursor: str = strawberry.field(metadata=NO_KEYS, description="The cursor of the event, for `after` of this list.")
    node: ActivityEvent = strawberry.field(metadata=SAME_READ, description="The event.")


@strawberry.type
class ActivityConnection:
    """A page of the log. It may have fewer events than requested, or none, while pageInfo says that more follow."""

    edges: list[ActivityEdge] = strawberry.field(
        directives=[ROWS], metadata=SAME_READ, description="The events of the page with their cursors."
    )
    nodes: list[ActivityEvent] = strawberry.field(
        directives=[ROWS], metadata=SAME_READ, description="The events of the page."
    )
    page_info: PageInfo = strawberry.field(metadata=NO_KEYS, description="The position of the page in the log.")
    total_count = field(
        connections.total_count, int, "The number of all events of the list, counted if selected.", reads=()
    )


@strawberry.input
class ActivityFilter:
    """Conditions on events, joined by AND. An absent or null condition imposes no restriction, and an empty list
    matches nothing. A list has at most 100 values.
    """

    kind: list[ActivityKind] | None = strawberry.field(
        default=strawberry.UNSET, description="The event is of one of these kinds."
    )
    actor: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="One of these administrators made the change."
    )
    customer: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="The event is about one of these customers."
    )
    since: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="The start of the range, inclusive."
    )
    until: datetime | None = strawberry.field(default=strawberry.UNSET, description="The end of the range, exclusive.")


CUSTOMER_ACTIVITY = field(
    activity.customer_activity,
    ActivityConnection | None,
    "The events about this customer, newest first.",
    requires=Permission.READ_ACTIVITY,
    cost=3 * RELATION_COST,
    **PAGED,
    batch=True,
    reads=(CustomerDocument.id,),
)


@strawberry.type
class ActivityQueries:
    """The field of the root that reads the log."""

    activity = field(
        activity.activity,
        ActivityConnection | None,
        "The events of the log that the viewer sees, newest first.",
        requires=Permission.READ_ACTIVITY,
        filter=Argument(ActivityFilter | None, description="Only events that match. Without it, all events."),
        **PAGED,
    )
