"""Metrics of requests and operations. Other modules define the metrics of what they own beside it.

Every label has few values that clients cannot choose: the name of an operation counts only where the operator listed
it. docs/operating.md describes all metrics, and a test compares the page with them.
"""

from collections.abc import Collection, Iterable
from functools import cache

from prometheus_client import Counter, Histogram

# Names of operations that are not listed, and operations that were rejected before their name was known.
OTHER = "other"
# Each name is a label value of several metrics, with all buckets of a histogram.
MAX_NAMES = 200
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_REQUEST_COUNT = Counter("partnerhub_http_requests_total", "Requests to /graphql by status", ["status"])
_REQUEST_SECONDS = Histogram("partnerhub_http_request_seconds", "How long requests to /graphql took", buckets=_SECONDS)
IMPORTED_RECORDS = Counter(
    "partnerhub_import_records_total", "Records of imports over HTTP by kind and result", ["kind", "result"]
)
_OPERATIONS = Counter(
    "partnerhub_operations_total", "Operations that have ended, over all transports", ["operation", "kind", "outcome"]
)
_OPERATION_SECONDS = Histogram(
    "partnerhub_operation_seconds", "How long queries and mutations took", ["operation", "kind"], buckets=_SECONDS
)
_COST = Counter("partnerhub_operation_cost_total", "Cost of the operations that were charged", ["operation"])
_ERRORS = Counter("partnerhub_operation_errors_total", "Operations with an error of this code", ["code"])


def choose_names(listed: str, trusted: Iterable[str]) -> frozenset[str]:
    """Return the names that metrics show: those of a setting, separated by commas, then those of trusted documents."""
    named = [name.strip() for name in listed.split(",") if name.strip()]
    return frozenset(list(dict.fromkeys([*named, *sorted(trusted)]))[:MAX_NAMES])


def name_label(name: str, names: Collection[str]) -> str:
    """Return the name as a label: one that is not listed is `other`."""
    return name if name in names else OTHER


def count_request(status: int, seconds: float) -> None:
    """Count a request to /graphql and its time."""
    _requests(status).inc()
    _REQUEST_SECONDS.observe(seconds)


def count_operation(operation: str, kind: str, codes: Collection[str], outcome: str) -> None:
    """Count an operation that has ended, and each code of its errors once."""
    _operations(operation, kind, outcome).inc()
    for code in codes:
        _ERRORS.labels(code).inc()


def observe_seconds(operation: str, kind: str, seconds: float) -> None:
    """Record how long a query or mutation took."""
    _seconds(operation, kind).observe(seconds)


def count_cost(operation: str, cost: int) -> None:
    """Count the cost of an operation that is charged."""
    _cost(operation).inc(cost)


# prometheus_client takes longer to find a metric by its labels than to count; there are few labels.
@cache
def _requests(status: int) -> Counter:
    return _REQUEST_COUNT.labels(status)


@cache
def _operations(*labels: str) -> Counter:
    return _OPERATIONS.labels(*labels)


@cache
def _seconds(*labels: str) -> Histogram:
    return _OPERATION_SECONDS.labels(*labels)


@cache
def _cost(*labels: str) -> Counter:
    return _COST.labels(*labels)
