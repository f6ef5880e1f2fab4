"""Weeks: they begin on Monday 00:00 UTC, are named by that moment, and close to late data 13 weeks after it."""

from datetime import datetime, timedelta

WEEK = timedelta(weeks=1)
WEEK_CLOSES_AFTER = 13 * WEEK


def week_of(moment: datetime) -> datetime:
    """The Monday 00:00 at which the moment's week began."""
    return datetime(moment.year, moment.month, moment.day) - timedelta(days=moment.weekday())


def latest_completed_week(now: datetime) -> datetime:
    """The week that has ended last."""
    return week_of(now) - WEEK


def is_week_closed(week: datetime, now: datetime) -> bool:
    """Whether the week takes no more data: its sums stay as they are, for the rows behind them are about to expire."""
    return now >= week + WEEK_CLOSES_AFTER
