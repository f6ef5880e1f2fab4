"""The one place that reads the clock."""

from datetime import UTC, datetime

from domain.time.instants import naive_utc


def utc_now() -> datetime:
    """This moment as a naive UTC datetime, cut to milliseconds."""
    return naive_utc(datetime.now(UTC))
