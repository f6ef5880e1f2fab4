"""The partner's KPIs."""

from datetime import datetime
from typing import Any

import strawberry

from resolvers import kpis
from schema.costs import AGGREGATE_COST
from schema.customer_inputs import CustomerFilter, CustomerOrder
from schema.customer_lists import CustomerConnection
from schema.enums import AnalyticsProduct, Permission
from schema.fields import Argument, field
from schema.node import PAGED


@strawberry.type
class Kpi:
    """A figure and the customers behind it. count is always customers.totalCount."""

    count = field(kpis.count, int, "The number of customers.")
    customers = field(
        kpis.customers,
        CustomerConnection,
        "The customers behind the figure.",
        **PAGED,
        order_by=Argument(CustomerOrder | None, description="The order. Without it, by name."),
    )


@strawberry.type
class PartnerKpis:
    """The KPIs at one moment, over the customers that the viewer sees. Only customers that hold Calling or Meetings
    are counted. Where a product is given, only the licenses of that product are counted.
    """

    product: AnalyticsProduct | None = strawberry.field(
        description="The product that was asked for; null where the figures are over both."
    )
    as_of: datetime = strawberry.field(description="The moment of all these figures.")
    total_customers: Kpi = strawberry.field(description="Customers with a running line of the product.")
    nearing_expiration: Kpi = strawberry.field(
        description="Customers with a subscription without auto-renewal, or a trial, that ends in the next 90 days."
    )
    nearing_renewal: Kpi = strawberry.field(
        description="Customers with a subscription that renews by itself in the next 90 days."
    )
    low_license_assignment: Kpi = strawberry.field(
        description=(
            "Customers that assign a smaller share of their licenses than the threshold in LowAssignmentReport."
        )
    )
    over_license_limit: Kpi = strawberry.field(
        description="Customers with a license line that has more licenses assigned than ordered."
    )


PRODUCT_ARGUMENT: dict[str, Any] = {
    "product": Argument(
        AnalyticsProduct | None, description="Count only licenses of this product. Without it, of both."
    )
}
FILTER_ARGUMENT: dict[str, Any] = {
    "filter": Argument(CustomerFilter | None, description="Only customers that match; all without a filter.")
}


@strawberry.type
class KpiQueries:
    """The field of the root that reads the KPIs."""

    kpis = field(
        kpis.kpis,
        PartnerKpis | None,
        "The KPIs over the customers that the viewer sees and that match the filter.",
        requires=Permission.READ_ANALYTICS,
        cost=AGGREGATE_COST,
        **PRODUCT_ARGUMENT,
        **FILTER_ARGUMENT,
    )
