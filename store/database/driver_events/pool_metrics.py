"""Metrics of the connections to MongoDB, from the events of the driver.

The names of the methods are those of PyMongo's ConnectionPoolListener, which store/database/client.py combines with
this class. They are called for each command, in the driver's threads.
"""

from typing import Any

from prometheus_client import Counter, Gauge, Histogram

_OPEN = Gauge("partnerhub_database_connections", "Open connections to MongoDB", multiprocess_mode="livesum")
_IN_USE = Gauge(
    "partnerhub_database_connections_in_use",
    "Connections that a command uses at the moment",
    multiprocess_mode="livesum",
)
_WAIT = Histogram(
    "partnerhub_database_checkout_seconds",
    "How long a command waited for a connection",
    buckets=(0.001, 0.01, 0.1, 0.5, 1.0, 5.0),
)
_FAILURES = Counter(
    "partnerhub_database_checkout_failures_total", "Commands that got no connection, by reason", ["reason"]
)
_CLEARS = Counter(
    "partnerhub_database_pool_clears_total", "Times that all connections to a member were given up after a failure"
)


class PoolMetrics:
    """Counts connections that are created, used, given up and closed."""

    def connection_created(self, _event: Any) -> None:
        _OPEN.inc()

    def connection_closed(self, _event: Any) -> None:
        _OPEN.dec()

    def connection_checked_out(self, event: Any) -> None:
        _IN_USE.inc()
        _WAIT.observe(event.duration)

    def connection_checked_in(self, _event: Any) -> None:
        _IN_USE.dec()

    def connection_check_out_failed(self, event: Any) -> None:
        _FAILURES.labels(event.reason).inc()

    def pool_cleared(self, _event: Any) -> None:
        _CLEARS.inc()

    def pool_created(self, event: Any) -> None: ...

    def pool_ready(self, event: Any) -> None: ...

    def pool_closed(self, event: Any) -> None: ...

    def connection_ready(self, event: Any) -> None: ...

    def connection_check_out_started(self, event: Any) -> None: ...
