"""Activity: the audit log, from which all live feeds are served."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from resolvers import activity
from schema.enums import ActivityKind, Permission
from schema.fields import Argument, field
from schema.node import PAGED_FORWARD, Node, PageInfo
from schema.organization import PartnerAdministrator
from store.events.activity import EventDocument

if TYPE_CHECKING:
    from schema.customers import Customer


@strawberry.type(description="Something that happened, written in the same transaction as the change itself.")
class ActivityEvent(Node):
    """One entry of the log."""

    kind: ActivityKind
    at: datetime
    actor = field(activity.actor, PartnerAdministrator | None, "Null where the system did it: the clock, or an import.")
    customer = field(activity.customer, Annotated["Customer", strawberry.lazy("schema.customers")] | None)
    # Views are private, and helpdesk requests too.
    subject = field(activity.subject, Node | None, depends_on_viewer=True)
    summary: str

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the document is of this type."""
        return isinstance(value, EventDocument)


@strawberry.type
class ActivityEdge:
    """An event and its cursor."""

    cursor: str
    node: ActivityEvent


@strawberry.type
class ActivityConnection:
    """A page of the log. It may have fewer events than requested, or none, while pageInfo says that more follow."""

    edges: list[ActivityEdge]
    nodes: list[ActivityEvent]
    page_info: PageInfo


@strawberry.input
class ActivityFilter:
    """An absent or null condition is ignored, an empty list matches nothing; at most 100 values each."""

    kind: list[ActivityKind] | None = strawberry.UNSET
    actor: list[strawberry.ID] | None = strawberry.UNSET
    customer: list[strawberry.ID] | None = strawberry.UNSET
    since: datetime | None = strawberry.field(default=strawberry.UNSET, description="Inclusive.")
    until: datetime | None = strawberry.field(default=strawberry.UNSET, description="Exclusive.")


CUSTOMER_ACTIVITY = field(
    activity.customer_activity,
    ActivityConnection | None,
    requires=Permission.READ_ACTIVITY,
    **PAGED_FORWARD,
)


@strawberry.type
class ActivityQueries:
    """The field of the root that reads the log."""

    activity = field(
        activity.activity,
        ActivityConnection | None,
        "Newest first.",
        requires=Permission.READ_ACTIVITY,
        filter=Argument(ActivityFilter | None),
        **PAGED_FORWARD,
    )
