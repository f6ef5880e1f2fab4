"""The figures of calling engagement, computed from weekly sums.

Only sums and counts are stored; percentages and averages are computed here when they are read.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from domain.calling.calls import CallFeature, CallQuality, EndpointType
from domain.failures import NumberOutOfRange, WeekNotAvailable
from domain.ratios import mean, percent
from domain.time.weeks import WEEK, latest_completed_week

# Users by usage: 1–10 calls a week are low, 11–50 medium, 51 and more high.
MAX_LOW_CALLS, MAX_MEDIUM_CALLS = 10, 50
# Feature and queue figures cover customers with a queue call in the last 8 weeks.
QUEUE_WEEKS = 8
MAX_TREND_WEEKS = 52
# The sums of one customer and week, or added up over customers: store/calling/sums.py names the fields.
CallSums = Mapping[str, Any]
USER_LEVELS = ("low", "medium", "high")


def choose_week(week_start: date | None, now: datetime) -> datetime:
    """Return the Monday of the week whose figures are asked for, by default the latest completed one.

    Raise WeekNotAvailable for a date that is not the Monday of one of the last 52 completed weeks.
    """
    first, *_, last = list_weeks(MAX_TREND_WEEKS, latest_completed_week(now))
    if week_start is None:
        return last
    if week_start.weekday() != 0 or not first.date() <= week_start <= last.date():
        raise WeekNotAvailable("weekStart", first.date(), last.date(), week_start)
    return datetime(week_start.year, week_start.month, week_start.day)


def list_weeks(count: int, last: datetime) -> list[datetime]:
    """Return the Mondays of `count` weeks up to the week `last`, oldest first; raise NumberOutOfRange outside 1–52.

    Weekly sums are kept longer; one year is the longest chart.
    """
    if not 1 <= count <= MAX_TREND_WEEKS:
        raise NumberOutOfRange("weeks", 1, MAX_TREND_WEEKS, count)
    return [last - age * WEEK for age in reversed(range(count))]


class UsersPoint(Struct, frozen=True):
    """The persons of one week by their number of calls; inactive ones are licensed and had no call."""

    week_start: date
    inactive: int
    low: int
    medium: int
    high: int


class QualityCounts(Struct, frozen=True):
    """Numbers of calls or legs by quality."""

    good: int
    poor: int
    not_available: int

    @property
    def poor_percent(self) -> float | None:
        """Return the poor ones in percent of the measured ones."""
        return percent(self.poor, self.good + self.poor)


class QualityPoint(QualityCounts, frozen=True):
    """The calls of one week by quality."""

    week_start: date


class EndpointQuality(QualityCounts, frozen=True):
    """The legs of one endpoint by quality."""

    endpoint: EndpointType


class CustomerUsage(Struct, frozen=True):
    """A row of the usage table: a customer's use of Calling in one week, and its calls in the week before."""

    customer_id: str
    active_users: int
    licensed_users: int
    calls: int
    seconds: int
    previous_calls: int

    @property
    def minutes(self) -> int:
        """Return the sum over calls of the longest leg in minutes, rounded down."""
        return self.seconds // 60

    @property
    def calls_per_active_user(self) -> float | None:
        """Return calls per active user; calls without a person count in the numerator only."""
        return mean(self.calls, self.active_users)

    @property
    def weekly_change_percent(self) -> float | None:
        """Return the change of calls in percent of the week before; None where that week had none."""
        return percent(self.calls - self.previous_calls, self.previous_calls)


class CustomerCallingPoint(Struct, frozen=True):
    """The calls of a customer in one week, and its licensed users; `minutes` sums each call's longest leg."""

    week_start: date
    active_users: int
    licensed_users: int
    calls: int
    minutes: int
    poor_percent: float | None


class CustomerQuality(QualityCounts, frozen=True):
    """A row of the quality table: a customer's calls of one week by quality, and the averages over its legs."""

    customer_id: str
    average_packet_loss_percent: float | None
    average_jitter_ms: float | None
    average_latency_ms: float | None


class FeatureCount(Struct, frozen=True):
    """The number of calls with a feature."""

    feature: CallFeature
    calls: int


class FeatureUse(FeatureCount, frozen=True):
    """The number of calls with a feature, and of the customers that have such calls."""

    customers: int


class QueueInsights(Struct, frozen=True):
    """Figures of queue calls; durations in seconds."""

    offered: int
    answered: int
    transferred: int
    abandoned: int
    average_seconds_to_answer: float | None
    average_seconds_to_abandon: float | None
    average_abandoned_percent: float | None

    @property
    def abandoned_percent(self) -> float | None:
        """Return abandoned calls in percent of the offered calls."""
        return percent(self.abandoned, self.offered)


class CustomerQueue(Struct, frozen=True):
    """A row of the queue table: a customer's queue figures, and its calls by feature."""

    customer_id: str
    insights: QueueInsights
    features: Sequence[FeatureCount]


def count_active_users(sums: CallSums) -> int:
    """Return the number of persons with a call."""
    return sum(sums.get(level, 0) for level in USER_LEVELS)


def build_calling_point(week: datetime, sums: CallSums, licensed_users: int) -> CustomerCallingPoint:
    """Return the point of a customer's trend; empty `sums` where it had no call."""
    return CustomerCallingPoint(
        week_start=week.date(),
        active_users=count_active_users(sums),
        licensed_users=licensed_users,
        calls=sums.get("calls", 0),
        minutes=sums.get("seconds", 0) // 60,
        poor_percent=QualityCounts(**count_by_quality(sums)).poor_percent,
    )


def count_by_quality(sums: CallSums) -> dict[str, int]:
    """Return the number of calls by lower-case quality; 0 where the sums have none."""
    return {name: sums.get(name, 0) for name in ("good", "poor", "not_available")}


def list_endpoint_qualities(sums: CallSums) -> list[EndpointQuality]:
    """Return the quality of every endpoint in the order of EndpointType, also where it is zero."""
    cells = sums.get("endpoints", {})

    def legs(endpoint: EndpointType, quality: CallQuality) -> int:
        count: int = cells.get(endpoint_quality_key(endpoint, quality), 0)
        return count

    return [
        EndpointQuality(
            endpoint=endpoint,
            good=legs(endpoint, CallQuality.GOOD),
            poor=legs(endpoint, CallQuality.POOR),
            not_available=legs(endpoint, CallQuality.NOT_AVAILABLE),
        )
        for endpoint in EndpointType
    ]


def endpoint_quality_key(endpoint: EndpointType, quality: CallQuality) -> str:
    """Return the name of the sum of legs with this endpoint and quality."""
    return f"{endpoint}_{quality}"


def build_customer_quality(sums: CallSums) -> CustomerQuality:
    """Return the row of the quality table; an average is None where nothing was measured."""

    def average(measurement: str) -> float | None:
        return mean(sums.get(f"{measurement}_sum", 0), sums.get(f"{measurement}_count", 0))

    return CustomerQuality(
        customer_id=sums["customer_id"],
        average_packet_loss_percent=average("loss"),
        average_jitter_ms=average("jitter"),
        average_latency_ms=average("latency"),
        **count_by_quality(sums),
    )


def count_features(sums: CallSums) -> list[FeatureCount]:
    """Return the count of every feature in the order of CallFeature, also where it is zero."""
    counts = sums.get("features", {})
    return [FeatureCount(feature, counts.get(str(feature), 0)) for feature in CallFeature]


def build_queue_insights(sums: CallSums, average_abandoned_percent: float | None) -> QueueInsights:
    """Return the queue figures of sums.

    `average_abandoned_percent` is the mean of customers' percentages, which does not follow from the sums.
    """
    return QueueInsights(
        offered=sums.get("offered", 0),
        answered=sums.get("answered", 0),
        transferred=sums.get("transferred", 0),
        abandoned=sums.get("abandoned", 0),
        average_seconds_to_answer=mean(sums.get("answer_seconds", 0), sums.get("answer_count", 0)),
        average_seconds_to_abandon=mean(sums.get("abandon_seconds", 0), sums.get("abandon_count", 0)),
        average_abandoned_percent=average_abandoned_percent,
    )


def build_customer_queue(sums: CallSums) -> CustomerQueue:
    """Return the row of the queue table for a customer with at least one queue call."""
    abandoned_percent = percent(sums["abandoned"], sums["offered"])
    insights = build_queue_insights(sums, abandoned_percent)
    return CustomerQueue(sums["customer_id"], insights, count_features(sums))
