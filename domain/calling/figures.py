"""The figures of calling engagement (domain.md): what follows from the weekly sums, and nothing that is kept itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from domain.calling.calls import CallFeature, CallQuality, EndpointType
from domain.failures import NumberOutOfRange
from domain.ratios import mean, percent
from domain.time.weeks import WEEK, latest_completed_week

# Users by usage: up to so many calls a week is low, up to so many medium, and more is high.
MAX_LOW_CALLS, MAX_MEDIUM_CALLS = 10, 50
# Who had a queue call in so many completed weeks is covered by the blocks about features and queues.
QUEUE_WEEKS = 8
MAX_TREND_WEEKS = 52
CallSums = Mapping[str, Any]


def completed_weeks(count: int, now: datetime) -> list[datetime]:
    """The last so many completed weeks by their Mondays, oldest first; BadUserInput for a count out of bounds.

    The bounds are those of the trend of licences: the sums of a week stay, but a year is all that a chart can show.
    """
    if not 1 <= count <= MAX_TREND_WEEKS:
        raise NumberOutOfRange("weeks", 1, MAX_TREND_WEEKS, count)
    latest = latest_completed_week(now)
    return [latest - back * WEEK for back in reversed(range(count))]


@dataclass(frozen=True, slots=True)
class UsersPoint:
    """Users by how many calls they had in a week; inactive ones are licensed and had none."""

    week_start: date
    inactive: int
    low: int
    medium: int
    high: int


@dataclass(frozen=True, slots=True)
class QualityCounts:
    """Calls by quality."""

    good: int
    poor: int
    not_available: int

    @property
    def poor_percent(self) -> float | None:
        """Over the calls that were measured."""
        return percent(self.poor, self.good + self.poor)


@dataclass(frozen=True, slots=True)
class QualityPoint(QualityCounts):
    """Calls of a week by quality."""

    week_start: date


@dataclass(frozen=True, slots=True)
class EndpointQuality(QualityCounts):
    """Calls of an endpoint by quality."""

    endpoint: EndpointType


@dataclass(frozen=True, slots=True)
class CustomerUsage:
    """How a customer used Calling in a week, and how many calls it had in the week before."""

    customer_id: str
    active_users: int
    licensed_users: int
    calls: int
    seconds: int
    previous_calls: int

    @property
    def minutes(self) -> int:
        """Whole minutes."""
        return self.seconds // 60

    @property
    def calls_per_active_user(self) -> float | None:
        """All calls, those of nobody known included."""
        return mean(self.calls, self.active_users)

    @property
    def weekly_change_percent(self) -> float | None:
        """Against the week before."""
        return percent(self.calls - self.previous_calls, self.previous_calls)


@dataclass(frozen=True, slots=True)
class CustomerQuality(QualityCounts):
    """A customer's calls of a week by quality, and the averages of what was measured."""

    customer_id: str
    average_packet_loss_percent: float | None
    average_jitter_ms: float | None
    average_latency_ms: float | None


@dataclass(frozen=True, slots=True)
class FeatureCount:
    """Calls that went through a feature."""

    feature: CallFeature
    calls: int


@dataclass(frozen=True, slots=True)
class FeatureUse(FeatureCount):
    """The same, and how many customers they belong to."""

    customers: int


@dataclass(frozen=True, slots=True)
class QueueInsights:
    """What became of queue calls."""

    offered: int
    answered: int
    abandoned: int
    average_seconds_to_answer: float | None
    average_seconds_to_abandon: float | None
    average_abandoned_percent: float | None

    @property
    def abandoned_percent(self) -> float | None:
        """Over all calls that were offered."""
        return percent(self.abandoned, self.offered)


@dataclass(frozen=True, slots=True)
class CustomerQueue:
    """What became of a customer's queue calls, and the features that its calls went through."""

    customer_id: str
    insights: QueueInsights
    features: Sequence[FeatureCount]


def count_by_quality(sums: CallSums) -> dict[str, int]:
    """How many calls were of each quality."""
    return {name: sums.get(name, 0) for name in ("good", "poor", "not_available")}


def list_endpoint_qualities(sums: CallSums) -> list[EndpointQuality]:
    """Every endpoint in its order, zeros included."""
    cells = sums.get("endpoints", {})

    def calls(endpoint: EndpointType, quality: CallQuality) -> int:
        found: int = cells.get(endpoint_quality_key(endpoint, quality), 0)
        return found

    return [
        EndpointQuality(
            endpoint=endpoint,
            good=calls(endpoint, CallQuality.GOOD),
            poor=calls(endpoint, CallQuality.POOR),
            not_available=calls(endpoint, CallQuality.NOT_AVAILABLE),
        )
        for endpoint in EndpointType
    ]


def endpoint_quality_key(endpoint: EndpointType, quality: CallQuality) -> str:
    """What the sums call the calls of an endpoint and a quality."""
    return f"{endpoint}_{quality}"


def build_customer_quality(sums: CallSums) -> CustomerQuality:
    """A row of the table of customers and quality."""

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
    """Every feature in its order, zeros included."""
    counts = sums.get("features", {})
    return [FeatureCount(feature, counts.get(str(feature), 0)) for feature in CallFeature]


def build_queue_insights(sums: CallSums, average_abandoned_percent: float | None) -> QueueInsights:
    """What the sums of queue calls say; the mean of the customers' own percentages is no matter of sums."""
    return QueueInsights(
        offered=sums.get("offered", 0),
        answered=sums.get("answered", 0),
        abandoned=sums.get("abandoned", 0),
        average_seconds_to_answer=mean(sums.get("answer_seconds", 0), sums.get("answer_count", 0)),
        average_seconds_to_abandon=mean(sums.get("abandon_seconds", 0), sums.get("abandon_count", 0)),
        average_abandoned_percent=average_abandoned_percent,
    )


def build_customer_queue(sums: CallSums) -> CustomerQueue:
    """A row of the table of customers by queue, which are those with a queue call."""
    own = percent(sums["abandoned"], sums["offered"])
    return CustomerQueue(sums["customer_id"], build_queue_insights(sums, own), count_features(sums))
