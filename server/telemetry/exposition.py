"""The text of /metrics: the figures of this process, or of all workers of `serve --workers N` together.

With several workers prometheus_client keeps each figure in a file of its worker, and the worker that is asked adds up
the files. Files of counters outlast their worker, so that no counter falls when a worker is replaced.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

__all__ = ["CONTENT_TYPE_LATEST", "is_shared_by_workers", "metrics_text", "shared_by_workers"]
_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
# They would double the number of series.
disable_created_metrics()  # type: ignore[no-untyped-call]


@contextmanager
def shared_by_workers() -> Iterator[None]:
    """Let the workers that are started within the block add up their figures."""
    with TemporaryDirectory(prefix="partnerhub-metrics-") as directory:
        # prometheus_client reads it when a worker imports it; this process counts nothing.
        os.environ[_DIRECTORY] = directory
        try:
            yield
        finally:
            del os.environ[_DIRECTORY]


def is_shared_by_workers() -> bool:
    """Return whether this process is one of several workers."""
    return _DIRECTORY in os.environ


def metrics_text() -> bytes:
    """Return all metrics in the text format of Prometheus."""
    if not is_shared_by_workers():
        return generate_latest(REGISTRY)
    _forget_dead_workers(Path(os.environ[_DIRECTORY]))
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _forget_dead_workers(directory: Path) -> None:
    """Delete what a worker that has ended said about its present: subscribers, open connections."""
    for pid in {path.stem.rpartition("_")[2] for path in directory.glob("gauge_live*.db")}:
        if not Path("/proc", pid).exists():
            mark_process_dead(int(pid), str(directory))  # type: ignore[no-untyped-call]
