"""Calling engagement: use, call quality and queues of the customers' users, by week."""

from datetime import date, datetime

import strawberry

from domain.calling.figures import MAX_TREND_WEEKS
from resolvers import calling_engagement as engagement
from schema.costs import AGGREGATE_COST, list_size
from schema.customers import ACTIVE_USERS, LICENSED_USERS, MINUTES, Customer
from schema.enums import (
    CallFeature,
    CallingUsageOrderField,
    CallQualityOrderField,
    CallQueueOrderField,
    EndpointType,
    OrderDirection,
    Permission,
)
from schema.fields import Argument, field
from schema.node import PAGED, Connection


@strawberry.type
class CallingUsersTrendPoint:
    """Users by the number of calls that they made or took in one week. Queues, hunt groups and workspaces are not
    users.
    """

    week_start: date = strawberry.field(description="The Monday of the week.")
    inactive: int = strawberry.field(description="Users with a license and no call.")
    low: int = strawberry.field(description="Users with 1 to 10 calls.")
    medium: int = strawberry.field(description="Users with 11 to 50 calls.")
    high: int = strawberry.field(description="Users with 51 calls or more.")


@strawberry.type
class CustomerCallingUsage:
    """The week's calls of a customer that has a running line of Calling or a call in the week."""

    customer = field(engagement.customer, Customer, "The customer.", batch=True)
    active_users: int = strawberry.field(description=ACTIVE_USERS)
    licensed_users: int = strawberry.field(description=LICENSED_USERS)
    calls: int = strawberry.field(description="The number of calls.")
    minutes: int = strawberry.field(description=MINUTES)
    calls_per_active_user: float | None = strawberry.field(
        description="calls ÷ activeUsers; null where activeUsers is 0."
    )
    weekly_change_percent: float | None = strawberry.field(
        description="The change in calls against the week before, in percent; null where that week had no calls."
    )


@strawberry.input
class CallingUsageOrder:
    """The order of the usage table. Ties are ordered by name, then by id; nulls come last in both directions."""

    field: CallingUsageOrderField = strawberry.field(description="The sort key.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="The direction.")


@strawberry.type
class CallQualityTrendPoint:
    """The quality of one week's calls. A call is poor where one of its legs is; it is good where one of its legs
    was measured and none is poor.
    """

    week_start: date = strawberry.field(description="The Monday of the week.")
    good: int = strawberry.field(
        description=(
            "Calls with figures within the limits: packet loss below 5 %, latency below 400 ms, jitter below 150 ms."
        )
    )
    poor: int = strawberry.field(description="Calls with a leg whose figures are not all within their limits.")
    not_available: int = strawberry.field(description="Calls without media figures. No percentage counts them.")
    poor_percent: float | None = strawberry.field(description="poor ÷ (good + poor) × 100; null where both are 0.")


@strawberry.type
class EndpointQuality:
    """The quality of the legs of the week's calls at one kind of endpoint."""

    endpoint: EndpointType = strawberry.field(description="The kind of endpoint.")
    good: int = strawberry.field(description="Call legs with figures within the limits.")
    poor: int = strawberry.field(description="Call legs with a figure that is not within its limit.")
    not_available: int = strawberry.field(description="Call legs without media figures. No percentage counts them.")
    poor_percent: float | None = strawberry.field(description="poor ÷ (good + poor) × 100; null where both are 0.")


@strawberry.type
class CustomerCallQuality:
    """The quality of the week's calls of a customer with a poor call. Averages are over the legs of these calls."""

    customer = field(engagement.customer, Customer, "The customer.", batch=True)
    good: int = strawberry.field(description="Calls with figures within the limits.")
    poor: int = strawberry.field(description="Calls with a figure that is not within its limit.")
    not_available: int = strawberry.field(description="Calls without media figures. No percentage counts them.")
    poor_percent: float | None = strawberry.field(description="poor ÷ (good + poor) × 100; null where both are 0.")
    average_packet_loss_percent: float | None = strawberry.field(
        description="The average packet loss in percent; null without a measurement."
    )
    average_jitter_ms: float | None = strawberry.field(
        description="The average jitter in milliseconds; null without a measurement."
    )
    average_latency_ms: float | None = strawberry.field(
        description="The average latency in milliseconds; null without a measurement."
    )


@strawberry.input
class CallQualityOrder:
    """The order of the quality table. Ties are ordered by name, then by id; nulls come last in both directions."""

    field: CallQualityOrderField = strawberry.field(description="The sort key.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="The direction.")


@strawberry.type
class CallFeatureUse:
    """The week's calls that used a feature. A call is counted once for each of its features."""

    feature: CallFeature = strawberry.field(description="The feature.")
    calls: int = strawberry.field(description="The number of calls.")
    customers: int = strawberry.field(description="The number of customers with such a call.")


@strawberry.type
class CallFeatureCount:
    """The week's calls of one customer that used a feature."""

    feature: CallFeature = strawberry.field(description="The feature.")
    calls: int = strawberry.field(description="The number of calls.")


@strawberry.type
class CallQueueInsights:
    """The queue calls of the week. Averages and percentages are null where there were no calls to compute them
    from.
    """

    offered: int = strawberry.field(description="The number of calls that entered a queue.")
    answered: int = strawberry.field(description="The number of calls that an agent answered.")
    transferred: int = strawberry.field(description="Calls transferred to another queue, or out of this one.")
    abandoned: int = strawberry.field(description="The number of calls whose caller hung up or left a message.")
    average_seconds_to_answer: float | None = strawberry.field(
        description="The average time in seconds until an agent answered, or until the call moved to another queue."
    )
    average_seconds_to_abandon: float | None = strawberry.field(
        description="The average time in seconds until the caller hung up or left a message."
    )
    abandoned_percent: float | None = strawberry.field(description="Σ abandoned ÷ Σ offered × 100")
    average_abandoned_percent: float | None = strawberry.field(
        description="The mean of the customers' own percentages."
    )


@strawberry.input
class CallQueueOrder:
    """The order of the queue table. Ties are ordered by name, then by id; nulls come last in both directions."""

    field: CallQueueOrderField = strawberry.field(description="The sort key.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="The direction.")


@strawberry.type
class CustomerCallQueue:
    """The queue calls and features of a customer with a queue call in the week."""

    customer = field(engagement.customer, Customer, "The customer.", batch=True)
    insights: CallQueueInsights = strawberry.field(description="The figures of the customer's queue calls.")
    features: list[CallFeatureCount] = strawberry.field(
        directives=[list_size(len(CallFeature))],
        description="The features that the customer's calls used, one entry for each feature.",
    )


_WEEKS_ARGUMENT = Argument(
    int,
    8,
    "The number of weeks up to that of weekStart, 1–52; another number is the error BAD_USER_INPUT.",
)


@strawberry.type
class CallingEngagement:
    """The calling figures over the customers that the viewer sees, week by week, from Monday 00:00 UTC. The data
    are those of the week of weekStart unless a trend says otherwise.
    """

    week_start = field(engagement.week_start, date, "The Monday of the week.")
    week_end = field(engagement.week_end, date, "The Sunday of the week.")
    refreshed_at = field(
        engagement.refreshed_at,
        datetime | None,
        "The moment at which the week's figures were last computed; null before the first computation.",
    )
    users_by_usage_trend = field(
        engagement.users_trend,
        list[CallingUsersTrendPoint],
        "The users by their number of calls, week by week, oldest first.",
        list_size=list_size(MAX_TREND_WEEKS, argument="weeks"),
        weeks=_WEEKS_ARGUMENT,
    )
    customers_by_usage = field(
        engagement.customers_by_usage,
        Connection[CustomerCallingUsage],
        "Customers with a running line of Calling or a call in the week; most calls first by default.",
        **PAGED,
        order_by=Argument(CallingUsageOrder | None, description="The order. Without it, most calls first."),
    )
    quality_trend = field(
        engagement.quality_trend,
        list[CallQualityTrendPoint],
        "The quality of the calls, week by week, oldest first.",
        list_size=list_size(MAX_TREND_WEEKS, argument="weeks"),
        weeks=_WEEKS_ARGUMENT,
    )
    quality_by_endpoint = field(
        engagement.quality_by_endpoint,
        list[EndpointQuality],
        "The quality of legs by kind of endpoint, one entry for each kind.",
        list_size=list_size(len(EndpointType)),
    )
    customers_by_quality = field(
        engagement.customers_by_quality,
        Connection[CustomerCallQuality],
        "Customers with a poor call in the week; most poor calls first by default.",
        **PAGED,
        order_by=Argument(CallQualityOrder | None, description="The order. Without it, most poor calls first."),
    )
    feature_use = field(
        engagement.feature_use,
        list[CallFeatureUse],
        "The use of each feature. Covers only customers with a queue call in the eight weeks up to that of weekStart.",
        list_size=list_size(len(CallFeature)),
    )
    queue_insights = field(
        engagement.queue_insights,
        CallQueueInsights,
        "The figures of all queue calls of the week.",
    )
    customers_by_queue = field(
        engagement.customers_by_queue,
        Connection[CustomerCallQueue],
        "Customers with a queue call in the week; the highest percentage of abandoned calls first by default.",
        **PAGED,
        order_by=Argument(
            CallQueueOrder | None,
            description="The order. Without it, the highest percentage of abandoned calls first.",
        ),
    )


@strawberry.type
class CallingEngagementQueries:
    """The field of the root that reads calling engagement."""

    calling_engagement = field(
        engagement.calling_engagement,
        CallingEngagement | None,
        "The calling figures of the latest completed week, or of an earlier week.",
        requires=Permission.READ_ANALYTICS,
        cost=AGGREGATE_COST,
        week_start=Argument(
            date | None,
            description=(
                "The Monday of one of the last 52 completed weeks. Without it, the latest completed week. "
                "Another date is the error BAD_USER_INPUT."
            ),
        ),
    )
