"""The root of all queries."""

import strawberry

from domain.partner.tags import MAX_TAGS
from resolvers import billing_documents, customer_lists, organization
from resolvers import customers as customer_resolvers
from resolvers import entitlements as entitlement_resolvers
from resolvers import feed_cursor as cursors
from resolvers import nodes as by_id
from resolvers import tags as tag_resolvers
from schema.activity import ActivityQueries
from schema.administrators import AdministratorQueries
from schema.alerts import AlertQueries
from schema.billing_documents import Invoice, Order
from schema.calling_engagement import CallingEngagementQueries
from schema.costs import list_size
from schema.customer_inputs import CustomerFilter, CustomerLookup, CustomerOrder
from schema.customer_lists import CustomerConnection
from schema.customers import Customer
from schema.entitlements import Entitlement
from schema.enums import Permission
from schema.fields import Argument, field
from schema.forecasts import ForecastQueries
from schema.helpdesk import HelpdeskQueries
from schema.kpis import KpiQueries
from schema.license_analytics import LicenseAnalyticsQueries
from schema.node import PAGED, Node
from schema.organization import Viewer
from schema.resources import ResourceQueries
from schema.tags import Tag
from schema.views import ViewQueries
from schema.webhooks import WebhookQueries

FEED_CURSOR_DESCRIPTION = (
    "A cursor that is taken before anything else of this operation is read. A feed that starts `after` it delivers "
    "every change that the rest of the answer does not show yet. It may repeat some changes that the answer shows."
)


@strawberry.type
class Query(
    ActivityQueries,
    AdministratorQueries,
    AlertQueries,
    CallingEngagementQueries,
    ForecastQueries,
    HelpdeskQueries,
    KpiQueries,
    LicenseAnalyticsQueries,
    ResourceQueries,
    ViewQueries,
    WebhookQueries,
):
    """All queries. Objects that are not visible to the viewer do not exist for them.

    A root field that can fail is nullable: where it fails, its neighbours are still answered.
    """

    node = field(
        by_id.node,
        Node | None,
        "An object by its global id; null where it does not exist for the viewer.",
        id=Argument(strawberry.ID, description="The id of the object."),
    )
    nodes = field(
        by_id.nodes,
        list[Node | None],
        "Objects by their global ids, in the order of the ids. The result is null for each object "
        "that does not exist for the viewer.",
        list_size=list_size(by_id.MAX_IDS, argument="ids"),
        ids=Argument(list[strawberry.ID], description="At most 200 ids; more is the error BAD_USER_INPUT."),
    )
    feed_cursor = field(cursors.feed_cursor, str, FEED_CURSOR_DESCRIPTION)
    viewer = field(organization.viewer, Viewer, "The administrator who makes the request.")
    customers = field(
        customer_lists.customers,
        CustomerConnection | None,
        "The customers that the viewer sees.",
        requires=Permission.READ_CUSTOMERS,
        filter=Argument(CustomerFilter | None, description="Only customers that match. Without it, all."),
        order_by=Argument(CustomerOrder | None, description="The order. Without it, by name."),
        **PAGED,
    )
    customer = field(
        customer_resolvers.customer,
        Customer | None,
        "One customer; null where it does not exist for the viewer.",
        requires=Permission.READ_CUSTOMERS,
        by=Argument(CustomerLookup, description="How the customer is found."),
    )
    tags = field(
        tag_resolvers.tags,
        list[Tag] | None,
        "The tags by name; at most 1,000.",
        list_size=list_size(MAX_TAGS),
        search=Argument(
            str | None,
            description=(
                "Every word must be the start of a word of the tag's name. Case and diacritics are ignored. "
                "At most 100 characters."
            ),
        ),
    )
    entitlement = field(
        entitlement_resolvers.entitlement,
        Entitlement | None,
        "The subscription or trial with the number; null where there is none for the viewer.",
        requires=Permission.READ_CUSTOMERS,
        number=Argument(str, description="The number, exactly as it was delivered."),
    )
    invoice = field(
        billing_documents.invoice_by_number,
        Invoice | None,
        "The invoice with the number; null where there is none for the viewer.",
        requires=Permission.READ_CUSTOMERS,
        number=Argument(str, description="The number, exactly as it was delivered."),
    )
    order = field(
        billing_documents.order_by_number,
        Order | None,
        "The order with the number; null where there is none for the viewer.",
        requires=Permission.READ_CUSTOMERS,
        number=Argument(str, description="The number, exactly as it was delivered."),
    )
