"""Licence analytics: the trend, and the reports with their tables."""

from datetime import datetime
from typing import Any

import strawberry

from domain.calling.figures import MAX_TREND_WEEKS
from resolvers import connections
from resolvers import license_analytics as analytics
from schema.costs import AGGREGATE_COST, ROWS, list_size
from schema.customer_inputs import CustomerFilter
from schema.customers import Customer, LicenseTrendPoint
from schema.entitlements import Entitlement
from schema.enums import AnalyticsProduct, EntitlementReportOrderField, OrderDirection, Permission
from schema.fields import NO_KEYS, SAME_READ, Argument, field
from schema.node import PAGED, PageInfo

ASSIGNMENT_FORMULA = "Σ assigned ÷ Σ total × 100; null where Σ total is 0."
USAGE_FORMULA = "Σ used ÷ Σ total × 100; null where Σ total is 0."


@strawberry.type
class EntitlementReportRow:
    """The licenses of the report's product in one entitlement. Percentages are null where their denominator is 0."""

    entitlement = field(analytics.entitlement, Entitlement, "The subscription or trial.", batch=True)
    customer = field(analytics.customer, Customer, "The customer.", batch=True)
    subscription_id: str = strawberry.field(description="The number of the entitlement, as in `number`.")
    number: str = strawberry.field(
        description="The number of the entitlement. It is the column Subscription ID of the tables."
    )
    trial: bool = strawberry.field(description="Whether the entitlement is a trial.")
    days_since_added = field(
        analytics.days_since_added, int, "The number of whole days that have passed since the entitlement was added."
    )
    months_since_added = field(
        analytics.months_since_added,
        int,
        "The number of whole calendar months that have passed since the entitlement was added.",
    )
    days_to_expiry = field(
        analytics.days_to_expiry,
        int,
        "The number of whole days left. The same value as Entitlement.daysRemaining.",
        batch=True,
    )
    months_remaining = field(
        analytics.months_remaining, int, "The number of whole calendar months that remain.", batch=True
    )
    auto_renew: bool = strawberry.field(
        description="Whether the subscription renews by itself at its end, unless it is cancelled; false for a trial."
    )
    total: int = strawberry.field(description="The number of licenses ordered.")
    assigned: int = strawberry.field(description="The number of licenses assigned to users.")
    used: int = strawberry.field(description="The number of licenses used at least once in the last seven days.")
    available: int = strawberry.field(description="max(0, total − assigned), summed over single lines.")
    overage: int = strawberry.field(description="max(0, assigned − total), summed over single lines.")
    assigned_percent: float | None = strawberry.field(description="assigned ÷ total × 100")
    used_percent: float | None = strawberry.field(description="used ÷ total × 100")
    weekly_assignment_change = field(
        analytics.weekly_assignment_change,
        int | None,
        "assigned now − assigned a week ago; null where there was no figure a week ago.",
        batch=True,
    )
    weekly_usage_change = field(
        analytics.weekly_usage_change,
        int | None,
        "used now − used a week ago; null where there was no figure a week ago.",
        batch=True,
    )
    used_last_three_months = field(
        analytics.used_last_three_months,
        int,
        "The highest daily figure of used in the last 92 days, including today's.",
    )


@strawberry.type
class EntitlementReportEdge:
    """A row and its cursor."""

    cursor: str = strawberry.field(
        metadata=NO_KEYS, description="The cursor of the row, for `after` and `before` of this table."
    )
    node: EntitlementReportRow = strawberry.field(metadata=SAME_READ, description="The row.")


@strawberry.type
class EntitlementReportConnection:
    """A page of a report's table. The total is counted only if the operation selects it."""

    edges: list[EntitlementReportEdge] = strawberry.field(
        directives=[ROWS], metadata=SAME_READ, description="The rows of the page with their cursors."
    )
    nodes: list[EntitlementReportRow] = strawberry.field(
        directives=[ROWS], metadata=SAME_READ, description="The rows of the page."
    )
    page_info: PageInfo = strawberry.field(metadata=NO_KEYS, description="The position of the page in the table.")
    total_count = field(connections.total_count, int, "The number of rows in the whole table.", reads=())


@strawberry.input
class EntitlementReportOrder:
    """The order of a report's table. Ties are ordered by the customer's name, then by number."""

    field: EntitlementReportOrderField = strawberry.field(description="The sort key.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="The direction.")


def _table(order: str) -> Any:
    return field(
        analytics.table,
        EntitlementReportConnection,
        f"The rows of the report. {order} first, where no order is asked for.",
        **PAGED,
        order_by=Argument(EntitlementReportOrder | None, description="The order of the rows."),
    )


@strawberry.type
class RecentlyAddedReport:
    """Entitlements to the product that were added in the last `days` days, in any state but CANCELLED."""

    new_customers = field(analytics.customers, int, "The number of customers with such an entitlement.")
    total_licenses = field(analytics.total_licenses, int, "The number of licenses of these entitlements: Σ total.")
    entitlements = _table("Newest added")


@strawberry.type
class ExpiringReport:
    """Running trials, and running subscriptions that do not renew, that end in the next `days` days."""

    expiring_customers = field(analytics.customers, int, "The number of customers with such an entitlement.")
    license_assignment_percent = field(analytics.assignment_percent, float | None, ASSIGNMENT_FORMULA)
    license_usage_percent = field(analytics.usage_percent, float | None, USAGE_FORMULA)
    entitlements = _table("Soonest end")


@strawberry.type
class RenewingReport:
    """Running subscriptions that renew by themselves in the next `days` days."""

    renewing_customers = field(analytics.customers, int, "The number of customers with such a subscription.")
    license_assignment_percent = field(analytics.assignment_percent, float | None, ASSIGNMENT_FORMULA)
    license_usage_percent = field(analytics.usage_percent, float | None, USAGE_FORMULA)
    entitlements = _table("Soonest end")


@strawberry.type
class LowAssignmentReport:
    """Running entitlements with a smaller share of assigned licenses than thresholdPercent. The peer group is the
    partner's running lines of the product with at least 5 licenses that were added 30 days ago or longer, whichever
    customers the viewer sees. The threshold is the group's 25th percentile, at most 75 %.
    """

    low_assignment_customers = field(analytics.customers, int, "The number of customers with such an entitlement.")
    license_assignment_percent = field(analytics.assignment_percent, float | None, ASSIGNMENT_FORMULA)
    license_usage_percent = field(analytics.usage_percent, float | None, USAGE_FORMULA)
    usage_when_assigned_percent = field(
        analytics.usage_when_assigned_percent, float | None, "Σ used ÷ Σ assigned × 100; null where Σ assigned is 0."
    )
    unassigned_licenses = field(
        analytics.unassigned_licenses, int, "The number of licenses that are not assigned: Σ available."
    )
    peer_group_size = field(
        analytics.peer_group_size, int, "The number of license lines in the peer group that the rule measured against."
    )
    threshold_percent = field(
        analytics.threshold_percent,
        float | None,
        "An entitlement of the peer group below this threshold is low. Null where the peer group has "
        "fewer than 8 lines, too few to judge.",
    )
    entitlements = _table("Lowest assignment")


@strawberry.type
class OverLimitReport:
    """Running entitlements with a license line that has more licenses assigned than ordered."""

    customers_with_overage = field(analytics.customers, int, "The number of customers with such an entitlement.")
    licenses_in_overage = field(
        analytics.licenses_in_overage, int, "The number of licenses assigned beyond those ordered: Σ overage."
    )
    average_overage = field(
        analytics.average_overage,
        float | None,
        "licensesInOverage ÷ customersWithOverage; null without such a customer.",
    )
    entitlements = _table("Largest overage")


DAYS_ARGUMENT: dict[str, Any] = {
    "days": Argument(int, 90, "The number of days, 1–365; another number is the error BAD_USER_INPUT.")
}


@strawberry.type
class LicenseAnalytics:
    """The license figures of one product, over the customers that the viewer sees."""

    product: AnalyticsProduct = strawberry.field(description="The product of all reports.")
    as_of: datetime = strawberry.field(description="The moment of all these figures.")
    license_trend = field(
        analytics.trend,
        list[LicenseTrendPoint],
        "The license figures week by week: one point per completed week that has snapshots, oldest first.",
        list_size=list_size(MAX_TREND_WEEKS, argument="weeks"),
        weeks=Argument(
            int,
            default=12,
            description="The number of completed weeks, 1–52; another number is the error BAD_USER_INPUT.",
        ),
    )
    recently_added = field(
        analytics.recently_added,
        RecentlyAddedReport,
        "The entitlements that were added in the last `days` days.",
        **DAYS_ARGUMENT,
    )
    expiring = field(
        analytics.expiring,
        ExpiringReport,
        "The entitlements that end in the next `days` days and do not renew.",
        **DAYS_ARGUMENT,
    )
    renewing = field(
        analytics.renewing,
        RenewingReport,
        "The subscriptions that renew by themselves in the next `days` days.",
        **DAYS_ARGUMENT,
    )
    low_assignment = field(
        analytics.low_assignment, LowAssignmentReport, "The entitlements that assign a small share of their licenses."
    )
    over_limit = field(
        analytics.over_limit, OverLimitReport, "The entitlements with more licenses assigned than ordered."
    )


@strawberry.type
class LicenseAnalyticsQueries:
    """The field of the root that reads licence analytics."""

    license_analytics = field(
        analytics.analytics,
        LicenseAnalytics | None,
        "The license figures of one product, over the customers that the viewer sees and that match the filter.",
        requires=Permission.READ_ANALYTICS,
        cost=AGGREGATE_COST,
        product=Argument(AnalyticsProduct, description="The product."),
        filter=Argument(
            CustomerFilter | None,
            description=(
                "Only customers that match; all without a filter. "
                "The peer group of lowAssignment is always the whole partner's."
            ),
        ),
    )
