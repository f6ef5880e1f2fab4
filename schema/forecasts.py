"""Forecasts: what ends or renews in the coming months, and with how many licences it could be renewed."""

from datetime import date

import strawberry

from domain.entitlements.forecasts import MAX_FORECAST_MONTHS
from resolvers import forecasts
from schema.billing_documents import Money
from schema.costs import AGGREGATE_COST, list_size
from schema.customer_inputs import CustomerFilter
from schema.entitlements import Entitlement
from schema.enums import AnalyticsProduct, Permission
from schema.fields import Argument, field
from schema.node import PAGED, Connection

# ISO 4217 has fewer codes.
MAX_CURRENCIES = 200


@strawberry.type
class RenewalMonth:
    """The running subscriptions and trials that end in a calendar month in UTC. A subscription that renews by itself
    counts in each month in which one of its coming ends falls, with its present figures. Licenses are summed over the
    lines of the product, or over all lines without a product. A line is the sum of the licenses of one product in one
    entitlement.
    """

    month: date = strawberry.field(description="The first day of the month.")
    renewing: int = strawberry.field(description="The number of subscriptions that renew by themselves in the month.")
    expiring: int = strawberry.field(
        description="The number of trials, and of subscriptions that do not renew, that end in the month."
    )
    licenses: int = strawberry.field(description="The number of licenses ordered: Σ total.")
    unassigned: int = strawberry.field(
        description="The number of licenses that are not assigned: Σ max(0, total − assigned)."
    )
    unused: int = strawberry.field(
        description=("The number of licenses that no day of the last 92 needed: Σ max(0, total − usedLastThreeMonths).")
    )
    value: list[Money] = strawberry.field(
        directives=[list_size(MAX_CURRENCIES, typical=2)],
        description=(
            "The sums of the newest invoices of these subscriptions that are not VOID, one for each currency, ordered "
            "by its code. An invoice counts completely, whichever product is asked for."
        ),
    )


@strawberry.type
class RightSizing:
    """The number of licenses of one product with which an entitlement could be renewed."""

    entitlement = field(forecasts.entitlement, Entitlement, "The subscription or trial.", batch=True)
    total: int = strawberry.field(description="The number of licenses ordered.")
    assigned: int = strawberry.field(description="The number of licenses assigned to users.")
    used_last_three_months: int = strawberry.field(
        description="The highest daily figure of used in the last 92 days, including today's."
    )
    suggested_total: int = strawberry.field(
        description="The larger of assigned and usedLastThreeMonths, plus one tenth, rounded up; at least 1."
    )


_FILTER = Argument(CustomerFilter | None, description="Only customers that match; all without a filter.")


@strawberry.type
class ForecastQueries:
    """The fields of the root that read forecasts."""

    renewal_forecast = field(
        forecasts.renewal_forecast,
        list[RenewalMonth] | None,
        "What ends or renews, month by month, starting with the present month: one entry for each month. It covers "
        "the customers that the viewer sees and that match the filter.",
        requires=Permission.READ_ANALYTICS,
        cost=AGGREGATE_COST,
        list_size=list_size(MAX_FORECAST_MONTHS, argument="months"),
        product=Argument(
            AnalyticsProduct | None,
            description="Only entitlements with licenses of this product, and only these licenses. "
            "Without it, all entitlements and their licenses of every product.",
        ),
        filter=_FILTER,
        months=Argument(
            int, default=12, description="The number of months, 1–24; another number is the error BAD_USER_INPUT."
        ),
    )
    right_sizing = field(
        forecasts.right_sizing,
        Connection[RightSizing] | None,
        "The running entitlements that end or renew in the next `days` days and have more licenses of the product than "
        "they need: suggestedTotal is below total. Those with the most to spare come first, ties by the customer's "
        "name, then by number.",
        requires=Permission.READ_ANALYTICS,
        cost=AGGREGATE_COST,
        product=Argument(AnalyticsProduct, description="The product."),
        filter=_FILTER,
        days=Argument(int, 90, "The number of days, 1–365; another number is the error BAD_USER_INPUT."),
        **PAGED,
    )
