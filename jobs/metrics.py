"""Metrics of the jobs of a process."""

from prometheus_client import Counter, Gauge

_LAG = Gauge(
    "partnerhub_clock_lag_seconds",
    "How long the most overdue customer has been due; 0 in processes that do not run the job",
    ["job"],
    multiprocess_mode="livemax",
)
_CUSTOMERS = Counter("partnerhub_clock_customers_total", "Customers that a clock job has evaluated", ["job"])
_RUNS = Counter("partnerhub_job_runs_total", "Runs of a job that succeeded", ["job"])
_FAILURES = Counter("partnerhub_job_failures_total", "Runs of a job that failed; each is repeated", ["job"])
_SUCCESS = Gauge(
    "partnerhub_job_last_success_timestamp_seconds",
    "When a job last succeeded in a process, in seconds since 1970",
    ["job"],
    multiprocess_mode="max",
)
_LAGGING: set[str] = set()


def set_lag(job: str, seconds: float) -> None:
    """Record how long the most overdue customer of a job has been due."""
    _LAG.labels(job).set(seconds)
    _LAGGING.add(job)


def count_customers(job: str, count: int) -> None:
    """Count customers that a job has evaluated."""
    _CUSTOMERS.labels(job).inc(count)


def report_success(job: str) -> None:
    """Count a run that succeeded."""
    _RUNS.labels(job).inc()
    _SUCCESS.labels(job).set_to_current_time()


def report_failure(job: str) -> None:
    """Count a run that failed."""
    _FAILURES.labels(job).inc()


def report_elsewhere(job: str) -> None:
    """Forget the lag of a job that another process runs now."""
    if job in _LAGGING:
        _LAGGING.discard(job)
        _LAG.labels(job).set(0)
