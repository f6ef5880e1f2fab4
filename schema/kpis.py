"""The partner's KPIs."""

from datetime import datetime
from typing import Any

import strawberry

from resolvers import kpis
from schema.costs import AGGREGATE_COST
from schema.customer_inputs import CustomerOrder
from schema.customer_lists import CustomerConnection
from schema.enums import AnalyticsProduct, Permission
from schema.fields import Argument, field
from schema.node import PAGED


@strawberry.type(description="A figure and the customers behind it: count is always customers.totalCount.")
class Kpi:
    """A count over the visible customers."""

    count = field(kpis.count, int)
    customers = field(
        kpis.customers,
        CustomerConnection,
        **PAGED,
        order_by=Argument(CustomerOrder | None),
    )


@strawberry.type(
    description=(
        "Only customers that hold Calling or Meetings count; where a product is given, only that product's licenses do."
    )
)
class PartnerKpis:
    """The KPIs at one moment."""

    product: AnalyticsProduct | None
    as_of: datetime
    total_customers: Kpi
    nearing_expiration: Kpi = strawberry.field(
        description="A subscription without auto-renewal, or a trial, ends in the next 90 days."
    )
    nearing_renewal: Kpi = strawberry.field(description="A subscription renews by itself in the next 90 days.")
    low_license_assignment: Kpi
    over_license_limit: Kpi


PRODUCT_ARGUMENT: dict[str, Any] = {"product": Argument(AnalyticsProduct | None)}


@strawberry.type
class KpiQueries:
    """The field of the root that reads the KPIs."""

    kpis = field(
        kpis.kpis, PartnerKpis | None, requires=Permission.READ_ANALYTICS, cost=AGGREGATE_COST, **PRODUCT_ARGUMENT
    )
