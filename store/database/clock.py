"""The only place that reads the clock. Rules and queries take `now` as a parameter."""

from datetime import datetime, timedelta
from time import time_ns

_EPOCH, _MILLISECOND = datetime(1970, 1, 1), timedelta(milliseconds=1)  # noqa: DTZ001
_NANOSECONDS_PER_MILLISECOND = 1_000_000


def utc_now() -> datetime:
    """Return the current time as a naive UTC datetime, truncated to milliseconds."""
    # A third of the time that an aware datetime and its `replace` take.
    return _EPOCH + time_ns() // _NANOSECONDS_PER_MILLISECOND * _MILLISECOND
