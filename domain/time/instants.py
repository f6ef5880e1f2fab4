"""Instants, dates and months, and their RFC 3339 text.

An instant is a naive datetime in UTC, truncated to milliseconds: BSON dates store no more, so that an instant is the
same before it is stored and after it is read.
"""

import re
from datetime import UTC, date, datetime, timedelta

from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)
# The range that both Python and BSON can represent. The bounds also replace null in sort keys.
MIN_INSTANT = datetime(1, 1, 1)
MAX_INSTANT = datetime(9999, 12, 31, 23, 59, 59, 999000)
_NO_SUCH_TIME = "names a date or time that does not exist"
_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|z|[+-]\d{2}:[0-5]\d)",
    re.ASCII,
)
_WITHOUT_ZONE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def truncate_to_milliseconds(instant: datetime) -> datetime:
    """Return the instant truncated (not rounded) to milliseconds."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def naive_utc(instant: datetime) -> datetime:
    """Return an aware datetime as a naive UTC datetime, truncated to milliseconds."""
    return truncate_to_milliseconds(instant.astimezone(UTC).replace(tzinfo=None))


def parse_instant(text: str) -> datetime:
    """Return the instant of an RFC 3339 date-time with a zone; raise ValueError with a readable predicate.

    A leap second (`23:59:60`) is the second before it.
    """
    match = _RFC3339.fullmatch(_without_leap_second(text))
    if match is None:
        raise ValueError("is not an RFC 3339 date-time with a zone, such as 2026-11-22T19:56:00Z")
    day, clock, fraction, zone = match.groups()
    micros = ((fraction or ".")[1:] + "000000")[:6]
    zone = "+00:00" if zone in "Zz" else zone
    try:
        return naive_utc(datetime.fromisoformat(f"{day}T{clock}.{micros}{zone}"))
    except (ValueError, OverflowError):
        raise ValueError(_NO_SUCH_TIME) from None


def _without_leap_second(text: str) -> str:
    return f"{text[:17]}59{text[19:]}" if text[16:19] == ":60" else text


def parse_utc_instant(text: str) -> datetime:
    """Return the instant of an RFC 3339 date-time, UTC where it has no zone; raise ValueError as parse_instant."""
    bare = _without_leap_second(text.removesuffix("Z"))
    if _WITHOUT_ZONE.fullmatch(bare) is None:
        if _RFC3339.fullmatch(text) is None:
            raise ValueError("is not an RFC 3339 date-time, such as 2026-11-22T19:56:00Z")
        return parse_instant(text)
    try:
        # Call reports have millions of rows, all in UTC: skip the zone, and truncate to milliseconds in the text.
        return datetime.fromisoformat(bare[:23])
    except ValueError:
        raise ValueError(_NO_SUCH_TIME) from None


def parse_date(text: str) -> date:
    """Return the date of the form YYYY-MM-DD; raise ValueError with a readable predicate."""
    if _DATE.fullmatch(text) is None:
        raise ValueError("is not a date of the form YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("names a day that does not exist") from None


def format_instant(instant: datetime) -> str:
    """Return RFC 3339 text in UTC with a trailing Z; milliseconds are omitted where they are zero."""
    if instant.microsecond:
        return instant.isoformat("T", "milliseconds" if instant.microsecond >= 1000 else "seconds") + "Z"
    # Most ends are whole seconds; without an argument it takes a fifth less time.
    return instant.isoformat() + "Z"


def add_months(instant: datetime, months: int) -> datetime:
    """Return the same time of day `months` calendar months later, with the day clamped to that month's length."""
    return instant + relativedelta(months=months)


def add_clamped(instant: datetime, offset: timedelta) -> datetime:
    """Return `instant + offset`, clamped to the calendar's range: delivered dates may lie at its ends."""
    try:
        return instant + offset
    except OverflowError:
        return MAX_INSTANT if offset > timedelta() else MIN_INSTANT


def whole_days_left(end: datetime, now: datetime) -> int:
    """Return the days of 24 hours until `end`, rounded up; 0 where `end` has passed."""
    remaining = end - now
    return max(0, -(-remaining // DAY))
