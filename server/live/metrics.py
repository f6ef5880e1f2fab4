"""Prometheus metrics of a process's feeds."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from store.feed.feed import Feed


@dataclass(slots=True)
class FeedMetrics:
    """Plain numbers: incrementing a metric of prometheus_client costs more than sending a message."""

    subscribers: int = 0
    queued: int = 0
    delivered: int = 0
    dropped: int = 0


class _FeedCollector:
    """Reads the numbers when /metrics is requested."""

    def __init__(self, feed: Feed, metrics: FeedMetrics) -> None:
        self._feed, self._metrics = feed, metrics

    def collect(self) -> Iterator[Metric]:
        feed, metrics = self._feed, self._metrics
        yield _gauge("lag_seconds", "Age of the newest event when the change stream returned it", feed.lag)
        yield _gauge(
            "seconds_since_stream_response",
            "Time since the change stream last answered; above 1 nothing is delivered",
            feed.seconds_since_response,
        )
        yield _counter("stream_reopens", "Times that the change stream was opened again", feed.reopen_count)
        yield _counter("oplog_catch_ups", "Reads of the oplog for resuming subscribers", feed.catch_up_count)
        yield _gauge("subscribers", "Subscriptions in progress", metrics.subscribers)
        yield _gauge("queued", "Messages queued for clients that do not keep up", metrics.queued)
        yield _counter("delivered", "Changes and states sent to subscribers", metrics.delivered)
        yield _counter(
            "dropped", "Messages discarded: operation completed, access lost, or queue too long", metrics.dropped
        )


def feed_registry(feed: Feed, metrics: FeedMetrics) -> CollectorRegistry:
    """Return a registry of these metrics alone."""
    registry = CollectorRegistry()
    registry.register(_FeedCollector(feed, metrics))
    return registry


def _gauge(name: str, description: str, value: float) -> Metric:
    return GaugeMetricFamily(f"partnerhub_feed_{name}", description, value)


def _counter(name: str, description: str, value: float) -> Metric:
    return CounterMetricFamily(f"partnerhub_feed_{name}", description, value)
