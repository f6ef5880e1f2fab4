"""Which moments a delivery of calls or license usage may be about: neither future ones, nor those of a closed week."""

from datetime import datetime

from domain.failures import InvalidRecord
from domain.time.weeks import is_week_closed, week_of


def check_open_week(field: str, moment: datetime, now: datetime) -> datetime:
    """Return the week of the moment; InvalidRecord where it lies in the future or in a closed week."""
    if moment > now:
        raise InvalidRecord(field, "lies in the future")
    week = week_of(moment)
    if is_week_closed(week, now):
        raise InvalidRecord(field, f"lies in the week of {week.date()}, which is closed: it is 13 weeks old")
    return week
