"""The only place that reads the clock. Rules and queries take `now` as a parameter."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time as a naive UTC datetime, truncated to milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000, tzinfo=None)
