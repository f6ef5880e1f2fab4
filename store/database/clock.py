"""The only place that reads the clock. Rules and queries take `now` as a parameter."""

from datetime import UTC, datetime

from domain.time.instants import naive_utc


def utc_now() -> datetime:
    """Return the current time as a naive UTC datetime, truncated to milliseconds."""
    return naive_utc(datetime.now(UTC))
