"""The metrics of a process's feeds, as its operator's machinery reads them."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from store.feed.feed import Feed


@dataclass(slots=True)
class FeedMetrics:
    """Plain numbers, since a metric of the library's own would cost more than the sending of a message."""

    subscribers: int = 0
    queued: int = 0
    delivered: int = 0
    dropped: int = 0


class _FeedCollector:
    """Reads the metrics when somebody asks."""

    def __init__(self, feed: Feed, metrics: FeedMetrics) -> None:
        self._feed, self._metrics = feed, metrics

    def collect(self) -> Iterator[Metric]:
        feed, metrics = self._feed, self._metrics
        yield _gauge("lag_seconds", "How old the newest event was when it came from the database", feed.lag)
        yield _gauge("silence_seconds", "How long ago the database was last heard", feed.seconds_since_response)
        yield _counter("reopenings", "How often the stream of events had to be opened again", feed.reopen_count)
        yield _counter("catch_ups", "How often resumers were served from the oplog", feed.catch_up_count)
        yield _gauge("subscribers", "Subscriptions that run", metrics.subscribers)
        yield _gauge("queued", "Messages that wait for clients who do not keep up", metrics.queued)
        yield _counter("delivered", "Changes and states sent to subscribers", metrics.delivered)
        yield _counter(
            "dropped", "Messages that were no longer wanted or no longer theirs, or too many", metrics.dropped
        )


def feed_registry(feed: Feed, metrics: FeedMetrics) -> CollectorRegistry:
    """A registry of these metrics alone."""
    registry = CollectorRegistry()
    registry.register(_FeedCollector(feed, metrics))
    return registry


def _gauge(name: str, description: str, value: float) -> Metric:
    return GaugeMetricFamily(f"partnerhub_feed_{name}", description, value)


def _counter(name: str, description: str, value: float) -> Metric:
    return CounterMetricFamily(f"partnerhub_feed_{name}", description, value)
