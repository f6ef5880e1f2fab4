"""Calling engagement: use, call quality and queues of the customers' users, by week."""

from datetime import date, datetime

import strawberry

from resolvers import calling_engagement as engagement
from schema.connections import Connection
from schema.costs import AGGREGATE_COST, ListSize
from schema.customers import Customer
from schema.enums import (
    CallFeature,
    CallingUsageOrderField,
    CallQualityOrderField,
    EndpointType,
    OrderDirection,
    Permission,
)
from schema.fields import Argument, field
from schema.node import PAGED


@strawberry.type(description="Users by how many calls they made or took in the week.")
class CallingUsersTrendPoint:
    """One of the last completed weeks."""

    week_start: date
    inactive: int = strawberry.field(description="Licensed, and no call.")
    low: int = strawberry.field(description="1 to 10 calls.")
    medium: int = strawberry.field(description="11 to 50 calls.")
    high: int = strawberry.field(description="51 calls and more.")


@strawberry.type
class CustomerCallingUsage:
    """A customer with a running line of Calling or a call in the week."""

    customer = field(engagement.customer, Customer)
    active_users: int
    licensed_users: int
    calls: int
    minutes: int
    calls_per_active_user: float | None
    weekly_change_percent: float | None = strawberry.field(
        description="Change of calls against the week before, in percent; null where that week had none."
    )


@strawberry.input
class CallingUsageOrder:
    """Ties go by name, then id; nulls come last in both directions."""

    field: CallingUsageOrderField
    direction: OrderDirection = OrderDirection.DESC


@strawberry.type
class CallQualityTrendPoint:
    """One of the last completed weeks."""

    week_start: date
    good: int
    poor: int
    not_available: int = strawberry.field(description="Calls without media figures; no percentage counts them.")
    poor_percent: float | None


@strawberry.type
class EndpointQuality:
    """The week's calls of one kind of endpoint."""

    endpoint: EndpointType
    good: int
    poor: int
    not_available: int
    poor_percent: float | None


@strawberry.type
class CustomerCallQuality:
    """A customer with a POOR call in the week."""

    customer = field(engagement.customer, Customer)
    good: int
    poor: int
    not_available: int
    poor_percent: float | None
    average_packet_loss_percent: float | None
    average_jitter_ms: float | None
    average_latency_ms: float | None


@strawberry.input
class CallQualityOrder:
    """Ties go by name, then id."""

    field: CallQualityOrderField
    direction: OrderDirection = OrderDirection.DESC


@strawberry.type
class CallFeatureUse:
    """The week's calls that used a feature, and the number of their customers."""

    feature: CallFeature
    calls: int
    customers: int


@strawberry.type
class CallFeatureCount:
    """A customer's calls of the week that used a feature."""

    feature: CallFeature
    calls: int


@strawberry.type(description="Averages over the queue calls of the week; null where there were none.")
class CallQueueInsights:
    """The queue figures of all visible customers, or of one."""

    offered: int
    answered: int
    abandoned: int
    average_seconds_to_answer: float | None = strawberry.field(
        description="Until an agent answered, or the call moved to another queue."
    )
    average_seconds_to_abandon: float | None = strawberry.field(
        description="Until the caller hung up or left a message."
    )
    abandoned_percent: float | None = strawberry.field(description="Σ abandoned ÷ Σ offered × 100")
    average_abandoned_percent: float | None = strawberry.field(
        description="The mean of the customers' own percentages."
    )


@strawberry.type
class CustomerCallQueue:
    """A customer with a queue call in the week."""

    customer = field(engagement.customer, Customer)
    insights: CallQueueInsights
    features: list[CallFeatureCount] = strawberry.field(directives=[ListSize(assumed_size=9)])


_WEEKS_ARGUMENT = Argument(int, 8, "1–52: so many of the last completed weeks, oldest first.")


@strawberry.type(
    description=(
        "Week by week, from Monday 00:00 UTC; "
        "the data are those of the latest completed week unless a trend says otherwise."
    )
)
class CallingEngagement:
    """The figures over the visible customers."""

    week_start = field(engagement.week_start, date)
    week_end = field(engagement.week_end, date, "Its Sunday.")
    refreshed_at = field(engagement.refreshed_at, datetime | None, "When its figures were last computed.")
    users_by_usage_trend = field(
        engagement.users_trend, list[CallingUsersTrendPoint], list_size=ListSize(assumed_size=52), weeks=_WEEKS_ARGUMENT
    )
    customers_by_usage = field(
        engagement.customers_by_usage,
        Connection[CustomerCallingUsage],
        **PAGED,
        order_by=Argument(CallingUsageOrder | None),
    )
    quality_trend = field(
        engagement.quality_trend,
        list[CallQualityTrendPoint],
        list_size=ListSize(assumed_size=52),
        weeks=_WEEKS_ARGUMENT,
    )
    quality_by_endpoint = field(
        engagement.quality_by_endpoint, list[EndpointQuality], list_size=ListSize(assumed_size=4)
    )
    customers_by_quality = field(
        engagement.customers_by_quality,
        Connection[CustomerCallQuality],
        **PAGED,
        order_by=Argument(CallQualityOrder | None),
    )
    feature_use = field(
        engagement.feature_use,
        list[CallFeatureUse],
        "Only customers with a queue call in the last eight weeks.",
        list_size=ListSize(assumed_size=9),
    )
    queue_insights = field(engagement.queue_insights, CallQueueInsights)
    customers_by_queue = field(
        engagement.customers_by_queue,
        Connection[CustomerCallQueue],
        **PAGED,
    )


@strawberry.type
class CallingEngagementQueries:
    """The field of the root that reads calling engagement."""

    calling_engagement = field(
        engagement.calling_engagement, CallingEngagement | None, requires=Permission.READ_ANALYTICS, cost=AGGREGATE_COST
    )
