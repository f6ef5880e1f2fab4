"""Weeks from Monday 00:00 UTC to the next. A week is identified by the instant of its Monday.

Late data for a completed week is accepted until the week *closes*, 13 weeks after its Monday.
"""

from datetime import datetime, timedelta

WEEK = timedelta(weeks=1)
WEEK_CLOSES_AFTER = 13 * WEEK


def week_of(moment: datetime) -> datetime:
    """Return the Monday 00:00 of the week that contains the moment."""
    return datetime(moment.year, moment.month, moment.day) - timedelta(days=moment.weekday())


def latest_completed_week(now: datetime) -> datetime:
    """Return the last week that has ended by `now`."""
    return week_of(now) - WEEK


def is_week_closed(week: datetime, now: datetime) -> bool:
    """Return whether the week is closed: its raw rows are about to expire, so its sums are final."""
    return now >= week + WEEK_CLOSES_AFTER
