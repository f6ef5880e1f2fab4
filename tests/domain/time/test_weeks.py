"""Weeks begin on Monday 00:00 UTC (domain rules: "KPIs and licence analytics")."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.time.weeks import WEEK, is_week_closed, latest_completed_week, week_of

MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1))
MONDAY = datetime(2026, 11, 23)


@given(MOMENTS)
def test_a_moment_lies_in_the_week_that_began_on_a_monday(moment: datetime) -> None:
    week = week_of(moment)
    assert (week.weekday(), week.time()) == (0, datetime.min.time())
    assert week <= moment < week + WEEK


def test_a_week_is_completed_at_the_monday_behind_it_and_no_millisecond_before() -> None:
    assert latest_completed_week(MONDAY) == MONDAY - WEEK
    assert latest_completed_week(MONDAY - timedelta(milliseconds=1)) == MONDAY - 2 * WEEK


def test_a_week_is_closed_thirteen_weeks_after_it_began() -> None:
    assert is_week_closed(MONDAY - 13 * WEEK, MONDAY)
    assert not is_week_closed(MONDAY - 13 * WEEK, MONDAY - timedelta(milliseconds=1))
    assert not is_week_closed(MONDAY - 12 * WEEK, MONDAY)
