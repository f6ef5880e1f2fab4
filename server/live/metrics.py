"""Metrics of a process's feeds."""

from msgspec import Struct
from prometheus_client import Counter, Gauge

from store.feed.feed import Feed

_PREFIX = "partnerhub_feed_"
_LAG = Gauge(
    f"{_PREFIX}lag_seconds", "Age of the newest event when the change stream returned it", multiprocess_mode="livemax"
)
_SILENCE = Gauge(
    f"{_PREFIX}seconds_since_stream_response",
    "Time since the change stream last answered; above 1 nothing is delivered",
    multiprocess_mode="livemax",
)
_SUBSCRIBERS = Gauge(f"{_PREFIX}subscribers", "Subscriptions in progress", multiprocess_mode="livesum")
_QUEUED = Gauge(f"{_PREFIX}queued", "Messages queued for clients that do not keep up", multiprocess_mode="livesum")
_REOPENS = Counter(f"{_PREFIX}stream_reopens_total", "Times that the change stream was opened again")
_CATCH_UPS = Counter(f"{_PREFIX}oplog_catch_ups_total", "Reads of the oplog for resuming subscribers")
_DELIVERED = Counter(f"{_PREFIX}delivered_total", "Changes and states sent to subscribers")
_DROPPED = Counter(f"{_PREFIX}dropped_total", "Messages discarded: operation completed, access lost, or queue too long")
_QUEUE_CLOSURES = Counter(f"{_PREFIX}queue_closures_total", "Clients closed because they did not keep up")


class FeedMetrics(Struct):
    """Plain numbers: incrementing a metric of prometheus_client costs more than sending a message."""

    subscribers: int = 0
    queued: int = 0
    delivered: int = 0
    dropped: int = 0
    queue_closures: int = 0


class FeedPublisher:
    """Copies the numbers of a feed into the metrics: when /metrics is requested, and in a worker every second."""

    def __init__(self, feed: Feed, metrics: FeedMetrics) -> None:
        self._feed, self._metrics = feed, metrics
        self._published: dict[Counter, int] = {}

    def publish(self) -> None:
        """Copy the current numbers."""
        feed, metrics = self._feed, self._metrics
        _LAG.set(feed.lag)
        _SILENCE.set(feed.seconds_since_response)
        _SUBSCRIBERS.set(metrics.subscribers)
        _QUEUED.set(metrics.queued)
        self._count(_REOPENS, feed.reopen_count)
        self._count(_CATCH_UPS, feed.catch_up_count)
        self._count(_DELIVERED, metrics.delivered)
        self._count(_DROPPED, metrics.dropped)
        self._count(_QUEUE_CLOSURES, metrics.queue_closures)

    def _count(self, counter: Counter, total: int) -> None:
        counter.inc(total - self._published.get(counter, 0))
        self._published[counter] = total
