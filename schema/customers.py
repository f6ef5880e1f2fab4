"""Customers, with their statuses, relations and trends."""

from datetime import date, datetime
from typing import Any

import strawberry

from domain.calling.figures import MAX_TREND_WEEKS
from domain.customers.tag_rules import MAX_TAGS_OF_CUSTOMER
from resolvers import customers, tags, trends
from schema.activity import CUSTOMER_ACTIVITY
from schema.costs import STEPWISE_RELATION_COST, VALUES, list_size
from schema.entitlements import CustomerSubscription, Entitlement, LicenseLine, Trial
from schema.enums import (
    AnalyticsProduct,
    CustomerStatus,
    ManagedBy,
    Permission,
    Product,
    StatusReasonCode,
    SubscriptionType,
)
from schema.fields import Argument, field
from schema.node import VERSION_FIELD, Node
from schema.organization import PartnerAdministrator
from schema.stored_values import never, shows
from schema.tags import Tag
from store.customers.customers import CustomerDocument

INCLUDE_ENDED_ARGUMENT = Argument(
    bool, default=False, description="Whether those that ended or were cancelled are listed, too."
)
# Descriptions of figures that a customer's trend and the usage table share.
ACTIVE_USERS = "The number of users with a call."
LICENSED_USERS = "The number of Calling licenses assigned in the week, of the subscriptions and trials that run now."
MINUTES = "The sum over calls of the longest leg, in minutes, rounded down."


@strawberry.type
class StatusReasonArguments:
    """The values of a status reason. A value that its code does not have is null."""

    type: SubscriptionType | None = strawberry.field(description="The kind of the entitlement that the reason names.")
    number: str | None = strawberry.field(description="The number of that subscription or trial.")
    on: date | None = strawberry.field(description="The date of what the code says, in UTC.")
    product: Product | None = strawberry.field(description="The product of the license line.")
    name: str | None = strawberry.field(description="The name of the license line, where it has one.")
    assigned: int | None = strawberry.field(description="The number of licenses that are assigned.")
    ordered: int | None = strawberry.field(description="The number of licenses that are ordered.")
    others: int | None = strawberry.field(
        description="The number of further entitlements that the status rests on, beside the one that is named."
    )
    invoice: str | None = strawberry.field(
        description="The number of the oldest invoice of a suspended subscription that is OVERDUE."
    )


@strawberry.type
class CustomerStatusDetail:
    """One of the customer's statuses, and the reason for it."""

    status: CustomerStatus = strawberry.field(description="The status.")
    since: datetime = strawberry.field(
        description=(
            "The moment since which the status has held without a gap. It may lie before the facts were delivered."
        )
    )
    reason = field(
        customers.status_reason,
        str,
        "The cause of the status, in one sentence in the language of the request: "
        "'Subscription SUB-1042 ends on 2026-12-04'.",
    )
    reason_code = field(
        customers.status_reason_code, StatusReasonCode, "The kind of the cause, for a client that builds its own text."
    )
    reason_arguments = field(
        customers.status_reason_arguments, StatusReasonArguments, "The values that belong to the code."
    )
    entitlements = field(
        customers.status_entitlements,
        list[Entitlement],
        "The subscriptions and trials that the status rests on.",
        cost=STEPWISE_RELATION_COST,
        list_size=list_size(2 * customers.LIST_LIMIT, typical=2),
        batch=True,
    )


@strawberry.type
class CustomerAssignment:
    """The assignment of an administrator to a customer."""

    administrator: PartnerAdministrator = strawberry.field(description="The administrator.")
    assigned_at: datetime = strawberry.field(description="The moment of the assignment.")
    assigned_by: PartnerAdministrator | None = strawberry.field(
        description="The administrator who made the assignment; null where an import made it."
    )
    expires_at: datetime | None = strawberry.field(
        description="The moment at which the assignment ends by itself; null when it lasts until it is removed."
    )


@strawberry.type
class LicenseTrendPoint:
    """The licenses of one product in one week: the sums over each line's last snapshot of the week."""

    week_start: date = strawberry.field(description="The Monday of the week.")
    total: int = strawberry.field(description="The number of licenses ordered.")
    assigned: int = strawberry.field(description="The number of licenses assigned to users.")
    used: int = strawberry.field(description="The number of licenses used in the seven days before the snapshot.")
    available: int = strawberry.field(description="The number of licenses not assigned: Σ max(0, total − assigned).")


@strawberry.type
class CustomerCallingPoint:
    """The calls of a customer in one week."""

    week_start: date = strawberry.field(description="The Monday of the week.")
    active_users: int = strawberry.field(description=ACTIVE_USERS)
    licensed_users: int = strawberry.field(description=LICENSED_USERS)
    calls: int = strawberry.field(description="The number of calls.")
    minutes: int = strawberry.field(description=MINUTES)
    poor_percent: float | None = strawberry.field(description="poor ÷ (good + poor) × 100; null where both are 0.")


def _trend_field(resolver: Any, point: Any, figures: str, weeks: int, **arguments: Any) -> Any:
    return field(
        resolver,
        list[point] | None,
        f"The {figures} figures week by week, for the last completed weeks (1–52), oldest first.",
        requires=Permission.READ_ANALYTICS,
        list_size=list_size(MAX_TREND_WEEKS, argument="weeks"),
        batch=True,
        reads=(CustomerDocument.id,),
        **arguments,
        weeks=Argument(int, weeks, "The number of completed weeks, 1–52; another number is the error BAD_USER_INPUT."),
    )


@strawberry.type
@shows(CustomerDocument, changes_at=never)
class Customer(Node):
    """An organization that has services of the partner."""

    external_id: strawberry.ID = strawberry.field(
        description="The organization's id in the ordering system. A customer that was created here without one "
        "has its global id here."
    )
    name: str = strawberry.field(description="The name of the organization.")
    domain: str | None = strawberry.field(
        description="The internet domain of the organization; null where it is unknown."
    )
    country: str | None = strawberry.field(
        description="The country as an ISO 3166-1 alpha-2 code; null where it is unknown."
    )
    managed_by: ManagedBy = strawberry.field(description="How the partner came to manage the customer.")
    products: list[Product] = strawberry.field(
        directives=[list_size(len(Product)), VALUES],
        description="The products of every living entitlement: what the customer has ordered.",
    )
    subscription_types: list[SubscriptionType] = strawberry.field(
        directives=[list_size(len(SubscriptionType)), VALUES], description="The kinds of every living entitlement."
    )
    statuses: list[CustomerStatus] = strawberry.field(
        directives=[list_size(len(CustomerStatus)), VALUES],
        description="The statuses in order of urgency, the most urgent first.",
    )
    status_details: list[CustomerStatusDetail] = strawberry.field(
        directives=[list_size(len(CustomerStatus), typical=3)],
        description="The statuses in order of urgency, each with its reason and since when it holds.",
    )
    needs_attention: bool = strawberry.field(
        description="Whether the customer has any status other than TRIAL and SUBSCRIPTION."
    )
    last_administrator_sign_in_at: datetime | None = strawberry.field(
        description="The last sign-in of one of the customer's own administrators; null where it is unknown."
    )
    created_at: datetime = strawberry.field(description="The moment at which the customer was created.")
    updated_at: datetime = strawberry.field(description="The moment of the last change.")
    version: int = VERSION_FIELD
    tags = field(
        tags.customer_tags,
        list[Tag],
        "The tags of the customer, by name; at most 70: rules do not count to the 50 that administrators assign.",
        list_size=list_size(MAX_TAGS_OF_CUSTOMER, typical=4),
        batch=True,
        reads=(CustomerDocument.tag_ids,),
    )
    subscriptions = field(
        customers.subscriptions,
        list[CustomerSubscription],
        "The living subscriptions, or all subscriptions with includeEnded; newest first, at most 200.",
        list_size=list_size(customers.LIST_LIMIT, typical=3),
        include_ended=INCLUDE_ENDED_ARGUMENT,
        batch=True,
        reads=(CustomerDocument.id,),
    )
    trials = field(
        customers.trials,
        list[Trial],
        "The living trials, or all trials with includeEnded; newest first, at most 200.",
        list_size=list_size(customers.LIST_LIMIT, typical=2),
        include_ended=INCLUDE_ENDED_ARGUMENT,
        batch=True,
        reads=(CustomerDocument.id,),
    )
    licenses = field(
        customers.licenses,
        list[LicenseLine],
        "The licenses by product. Each figure is the sum of that figure over the single lines of running entitlements. "
        "available and overage are also summed, never netted.",
        list_size=list_size(len(Product), typical=4),
        batch=True,
        reads=(CustomerDocument.id,),
    )
    assignments = field(
        customers.assignments,
        list[CustomerAssignment],
        "The administrators assigned to this customer, by name, at most 200. Administrators who see "
        "all customers are not listed here.",
        list_size=list_size(customers.LIST_LIMIT, typical=3),
        batch=True,
        reads=(CustomerDocument.assignments,),
    )
    activity = CUSTOMER_ACTIVITY
    urgency: int | None = strawberry.field(
        description=(
            "The rank of the most urgent status, where 1 is the most urgent; null without a status. "
            "The order URGENCY sorts by this field."
        )
    )
    next_expiry_at: datetime | None = strawberry.field(
        description=(
            "The soonest end of a running entitlement; null without one. The order NEXT_EXPIRY_AT sorts by this field."
        )
    )
    sort_name: str = strawberry.field(
        description="The order NAME sorts by this field: the name in Latin letters, without case."
    )

    license_trend = _trend_field(
        trends.license_trend,
        LicenseTrendPoint,
        "license",
        12,
        product=Argument(AnalyticsProduct, description="The product. A week without snapshots of it is absent."),
    )
    calling_trend = _trend_field(trends.calling_trend, CustomerCallingPoint, "call", 8)
