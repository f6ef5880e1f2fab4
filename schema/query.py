"""The root of all queries."""

import strawberry

from resolvers import customer_lists, organization
from resolvers import customers as customer_resolvers
from resolvers import feed_cursor as cursors
from resolvers import nodes as by_id
from resolvers import tags as tag_resolvers
from schema.activity import ActivityQueries
from schema.administrators import AdministratorQueries
from schema.calling_engagement import CallingEngagementQueries
from schema.costs import ListSize
from schema.customer_inputs import CustomerFilter, CustomerLookup, CustomerOrder
from schema.customer_lists import CustomerConnection
from schema.customers import Customer
from schema.enums import Permission
from schema.fields import Argument, field
from schema.helpdesk import HelpdeskQueries
from schema.kpis import KpiQueries
from schema.license_analytics import LicenseAnalyticsQueries
from schema.node import PAGED, Node
from schema.organization import Viewer
from schema.resources import ResourceQueries
from schema.roles import RoleQueries
from schema.tags import Tag
from schema.views import ViewQueries

FEED_CURSOR_DESCRIPTION = (
    "A cursor taken before anything else of this operation is read. A feed started `after` it\n"
    "delivers every change that the rest of the answer does not show yet, and may repeat some that it shows."
)


@strawberry.type
class Query(
    ActivityQueries,
    AdministratorQueries,
    CallingEngagementQueries,
    HelpdeskQueries,
    KpiQueries,
    LicenseAnalyticsQueries,
    ResourceQueries,
    RoleQueries,
    ViewQueries,
):
    """All queries. Objects that are not visible to the viewer do not exist for them.

    A root field that can fail is nullable: where it fails, its neighbours are still answered.
    """

    node = field(by_id.node, Node | None, id=Argument(strawberry.ID))
    nodes = field(
        by_id.nodes,
        list[Node | None],
        "At most 200; null for each that does not exist for the viewer.",
        list_size=ListSize(assumed_size=200),
        ids=Argument(list[strawberry.ID]),
    )
    feed_cursor = field(cursors.feed_cursor, str, FEED_CURSOR_DESCRIPTION)
    viewer = field(organization.viewer, Viewer)
    customers = field(
        customer_lists.customers,
        CustomerConnection | None,
        requires=Permission.READ_CUSTOMERS,
        filter=Argument(CustomerFilter | None),
        order_by=Argument(CustomerOrder | None),
        **PAGED,
    )
    customer = field(
        customer_resolvers.customer, Customer | None, requires=Permission.READ_CUSTOMERS, by=Argument(CustomerLookup)
    )
    tags = field(tag_resolvers.tags, list[Tag] | None, "By name; at most 1,000.", search=Argument(str | None))
