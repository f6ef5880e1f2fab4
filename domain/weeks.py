"""Weeks: they begin on Monday 00:00 UTC, and are named by that moment."""

from datetime import datetime, timedelta

WEEK = timedelta(weeks=1)


def week_of(moment: datetime) -> datetime:
    """The Monday 00:00 at which the moment's week began."""
    return datetime(moment.year, moment.month, moment.day) - timedelta(days=moment.weekday())


def latest_completed(now: datetime) -> datetime:
    """The week that has ended last."""
    return week_of(now) - WEEK
