"""Licence analytics: the trend, and the reports with their tables."""

from datetime import date, datetime
from typing import Any

import strawberry

from resolvers import connections
from resolvers import license_analytics as analytics
from schema.costs import AGGREGATE_COST, ListSize
from schema.customers import Customer
from schema.entitlements import Entitlement
from schema.enums import AnalyticsProduct, EntitlementReportOrderField, OrderDirection, Permission
from schema.fields import Argument, field
from schema.node import PAGED, PageInfo

USAGE_FORMULA = "Σ used ÷ Σ total × 100"


@strawberry.type
class LicenseTrendPoint:
    """The sums over the licences of the visible customers, from each line's last snapshot of the week."""

    week_start: date = strawberry.field(description="Monday of the week.")
    total: int
    assigned: int
    used: int
    available: int


@strawberry.type(
    description=(
        "One entitlement's licenses of the report's product. Percentages are null where their denominator is 0."
    )
)
class EntitlementReportRow:
    """A row of a report."""

    entitlement = field(analytics.entitlement, Entitlement)
    customer = field(analytics.customer, Customer)
    subscription_id: str = strawberry.field(description="The entitlement's number.")
    number: str = strawberry.field(
        description="The number of the entitlement. It is the column Subscription ID of the tables."
    )
    trial: bool
    days_since_added = field(analytics.days_since_added, int, "Whole days that have passed.")
    months_since_added = field(analytics.months_since_added, int, "Whole calendar months that have passed.")
    days_to_expiry = field(analytics.days_to_expiry, int, "As Entitlement.daysRemaining.")
    months_remaining = field(analytics.months_remaining, int, "Whole calendar months that remain.")
    auto_renew: bool
    total: int
    assigned: int
    used: int
    available: int
    overage: int
    assigned_percent: float | None
    used_percent: float | None
    weekly_assignment_change = field(
        analytics.weekly_assignment_change,
        int | None,
        "assigned now − assigned a week ago; null where there was none a week ago.",
    )
    weekly_usage_change = field(analytics.weekly_usage_change, int | None)
    used_last_three_months = field(
        analytics.used_last_three_months, int, "The highest daily figure of used in the last 92 days, today's included."
    )


@strawberry.type
class EntitlementReportEdge:
    """A row and its cursor."""

    cursor: str
    node: EntitlementReportRow


@strawberry.type
class EntitlementReportConnection:
    """A page of a report's table. The total is counted only if the operation selects it."""

    edges: list[EntitlementReportEdge]
    nodes: list[EntitlementReportRow]
    page_info: PageInfo
    total_count = field(connections.total_count, int)


@strawberry.input
class EntitlementReportOrder:
    """The order of a report's table."""

    field: EntitlementReportOrderField
    direction: OrderDirection = OrderDirection.ASC


def _table(order: str) -> Any:
    return field(
        analytics.table,
        EntitlementReportConnection,
        f"{order} first, where no order is asked for.",
        **PAGED,
        order_by=Argument(EntitlementReportOrder | None),
    )


@strawberry.type
class RecentlyAddedReport:
    """Entitlements added in the last `days` days, in any state but CANCELLED."""

    new_customers = field(analytics.customers, int)
    total_licenses = field(analytics.total_licenses, int)
    entitlements = _table("Newest added")


@strawberry.type
class ExpiringReport:
    """Running trials, and subscriptions without auto-renewal, that end in the next `days` days."""

    expiring_customers = field(analytics.customers, int)
    license_assignment_percent = field(analytics.assignment_percent, float | None, "Σ assigned ÷ Σ total × 100")
    license_usage_percent = field(analytics.usage_percent, float | None, USAGE_FORMULA)
    entitlements = _table("Soonest end")


@strawberry.type
class RenewingReport:
    """Running subscriptions that renew automatically in the next `days` days."""

    renewing_customers = field(analytics.customers, int)
    license_assignment_percent = field(analytics.assignment_percent, float | None)
    license_usage_percent = field(analytics.usage_percent, float | None)
    entitlements = _table("Soonest end")


@strawberry.type
class LowAssignmentReport:
    """Running entitlements with a lower share of assigned licences than their peer group."""

    low_assignment_customers = field(analytics.customers, int)
    license_assignment_percent = field(analytics.assignment_percent, float | None)
    license_usage_percent = field(analytics.usage_percent, float | None, USAGE_FORMULA)
    usage_when_assigned_percent = field(
        analytics.usage_when_assigned_percent, float | None, "Σ used ÷ Σ assigned × 100"
    )
    unassigned_licenses = field(analytics.unassigned_licenses, int)
    peer_group_size = field(analytics.peer_group_size, int, "What the rule measured against: see domain.md.")
    threshold_percent = field(
        analytics.threshold_percent,
        float | None,
        "An entitlement below it is low; null where the peer group is too small to judge.",
    )
    entitlements = _table("Lowest assignment")


@strawberry.type
class OverLimitReport:
    """Running entitlements with more licenses assigned than ordered."""

    customers_with_overage = field(analytics.customers, int)
    licenses_in_overage = field(analytics.licenses_in_overage, int)
    average_overage = field(analytics.average_overage, float | None, "licensesInOverage ÷ customersWithOverage")
    entitlements = _table("Largest overage")


DAYS_ARGUMENT: dict[str, Any] = {"days": Argument(int, default=90)}


@strawberry.type(description="days: 1–365; weeks: 1–52.")
class LicenseAnalytics:
    """The figures of one product over the visible customers."""

    product: AnalyticsProduct
    as_of: datetime
    license_trend = field(
        analytics.trend,
        list[LicenseTrendPoint],
        "One point per completed week that has snapshots, oldest first.",
        list_size=ListSize(assumed_size=52),
        weeks=Argument(int, default=12),
    )
    recently_added = field(analytics.recently_added, RecentlyAddedReport, **DAYS_ARGUMENT)
    expiring = field(analytics.expiring, ExpiringReport, **DAYS_ARGUMENT)
    renewing = field(analytics.renewing, RenewingReport, **DAYS_ARGUMENT)
    low_assignment = field(analytics.low_assignment, LowAssignmentReport)
    over_limit = field(analytics.over_limit, OverLimitReport)


@strawberry.type
class LicenseAnalyticsQueries:
    """The field of the root that reads licence analytics."""

    license_analytics = field(
        analytics.analytics,
        LicenseAnalytics | None,
        requires=Permission.READ_ANALYTICS,
        cost=AGGREGATE_COST,
        product=Argument(AnalyticsProduct),
    )
