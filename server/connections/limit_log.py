"""Reports of limits that were reached: a metric, and a line in the log at most every ten seconds for each limit."""

from time import monotonic

from prometheus_client import Counter
from structlog import get_logger

_LOG_SECONDS = 10.0
_WITHOUT_SETTING = {"malformed", "unfinished_bodies", "unfinished_messages", "message_seconds", "unread_seconds"}
LIMIT_HITS = Counter(
    "partnerhub_connection_limit_hits_total", "Connections and requests refused by a limit on connections", ["limit"]
)
_log = get_logger()


class LimitLog:
    """Counts each refusal; a flood of them does not become a flood of lines."""

    def __init__(self) -> None:
        self._logged_at: dict[str, float] = {}
        self._unlogged: dict[str, int] = {}

    def report(self, limit: str, address: str | None) -> None:
        """Count a refusal; `limit` is the name of a limit, of which there are few."""
        LIMIT_HITS.labels(limit).inc()
        count = self._unlogged[limit] = self._unlogged.get(limit, 0) + 1
        now = monotonic()
        if now - self._logged_at.get(limit, -_LOG_SECONDS) < _LOG_SECONDS:
            return
        self._logged_at[limit] = now
        self._unlogged[limit] = 0
        setting = {} if limit in _WITHOUT_SETTING else {"setting": f"PARTNERHUB_CONNECTION_{limit.upper()}"}
        _log.warning("connection refused", limit=limit, count=count, address=address, **setting)


limit_log = LimitLog()
