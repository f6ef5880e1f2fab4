"""Instants, dates and months: naive UTC datetimes cut to milliseconds, read and printed as RFC 3339."""

import re
from datetime import UTC, date, datetime, timedelta

from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)
# The ends of the calendar that both Python and BSON can hold; they also stand where a sort key is null.
MIN_INSTANT = datetime(1, 1, 1)
MAX_INSTANT = datetime(9999, 12, 31, 23, 59, 59, 999000)
_NO_SUCH_TIME = "names a date or time that does not exist"
_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|z|[+-]\d{2}:\d{2})",
    re.ASCII,
)
_WITHOUT_ZONE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def truncate_to_milliseconds(instant: datetime) -> datetime:
    """The instant without what is finer than a millisecond (cut, not rounded)."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def naive_utc(instant: datetime) -> datetime:
    """A zoned instant as the naive UTC datetime that everything here works with, cut to milliseconds."""
    return truncate_to_milliseconds(instant.astimezone(UTC).replace(tzinfo=None))


def parse_instant(text: str) -> datetime:
    """An RFC 3339 date-time with a zone; ValueError with a clear sentence otherwise."""
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise ValueError("is not an RFC 3339 date-time with a zone, such as 2026-11-22T19:56:00Z")
    day, clock, fraction, zone = found.groups()
    micros = ((fraction or ".")[1:] + "000000")[:6]
    zone = "+00:00" if zone in "Zz" else zone
    try:
        return naive_utc(datetime.fromisoformat(f"{day}T{clock}.{micros}{zone}"))
    except (ValueError, OverflowError):
        raise ValueError(_NO_SUCH_TIME) from None


def parse_utc_instant(text: str) -> datetime:
    """The same, where a date-time without a zone is in UTC."""
    bare = text.removesuffix("Z")
    if _WITHOUT_ZONE.fullmatch(bare) is None:
        if _RFC3339.fullmatch(text) is None:
            raise ValueError("is not an RFC 3339 date-time, such as 2026-11-22T19:56:00Z")
        return parse_instant(text)
    try:
        # Reports come by the million: a zone of UTC need not be worked out, and finer digits are cut from the text.
        return datetime.fromisoformat(bare[:23])
    except ValueError:
        raise ValueError(_NO_SUCH_TIME) from None


def parse_date(text: str) -> date:
    """An ISO 8601 calendar date, YYYY-MM-DD; ValueError with a clear sentence otherwise."""
    if _DATE.fullmatch(text) is None:
        raise ValueError("is not a date of the form YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("names a day that does not exist") from None


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with a trailing Z; milliseconds only where they are not zero."""
    precision = "milliseconds" if instant.microsecond >= 1000 else "seconds"
    return instant.isoformat(timespec=precision) + "Z"


def add_months(instant: datetime, months: int) -> datetime:
    """The same time of day so many calendar months later, the day clamped to that month's length."""
    return instant + relativedelta(months=months)


def whole_days_left(end: datetime, now: datetime) -> int:
    """Whole days until the end, rounded up; 0 once it lies behind."""
    left = end - now
    return max(0, -(-left // DAY))
