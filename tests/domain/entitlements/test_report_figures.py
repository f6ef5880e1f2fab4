"""Figures of licence reports: whole days and months, and percentages that nothing divides by 0."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.entitlements.report_figures import check_days, check_weeks, days_since, months_between, rate_percent
from domain.failures import BadUserInput
from domain.time.instants import MAX_INSTANT, add_months

DAY, MS = timedelta(days=1), timedelta(milliseconds=1)
NOON = datetime(2026, 11, 25, 12)
MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1))


def test_a_day_has_passed_to_the_millisecond() -> None:
    assert days_since(NOON - 3 * DAY, NOON) == 3
    assert days_since(NOON - 3 * DAY + MS, NOON) == 2
    assert days_since(NOON, NOON) == days_since(NOON + 5 * DAY, NOON) == 0


def test_a_month_is_a_calendar_month_with_the_day_clamped() -> None:
    end_of_january = datetime(2026, 1, 31, 10)
    assert months_between(end_of_january, datetime(2026, 2, 28, 10)) == 1
    assert months_between(end_of_january, datetime(2026, 2, 28, 10) - MS) == 0
    assert months_between(end_of_january, datetime(2026, 3, 30, 10)) == 1
    assert months_between(end_of_january, datetime(2026, 3, 31, 10)) == 2
    assert months_between(end_of_january, datetime(2027, 1, 31, 10)) == 12
    assert months_between(NOON, NOON - MS) == 0
    assert months_between(NOON, MAX_INSTANT) == (9999 - 2026) * 12 + 1


@given(MOMENTS, MOMENTS)
def test_the_result_is_the_largest_number_of_months_that_fits(start: datetime, end: datetime) -> None:
    months = months_between(start, end)
    assert months == 0 or add_months(start, months) <= end
    assert add_months(start, months + 1) > end


@pytest.mark.parametrize("number", [-1, 0, 366])
def test_a_window_is_of_1_to_365_days(number: int) -> None:
    assert [check_days(days) for days in (1, 90, 365)] == [1, 90, 365]
    with pytest.raises(BadUserInput, match="from 1 to 365"):
        check_days(number)


@pytest.mark.parametrize("number", [-1, 0, 53])
def test_a_trend_is_of_1_to_52_weeks(number: int) -> None:
    assert [check_weeks(weeks) for weeks in (1, 52)] == [1, 52]
    with pytest.raises(BadUserInput, match="from 1 to 52"):
        check_weeks(number)


@given(st.integers(0, 1_000_000), st.integers(1, 1_000_000))
def test_the_percentage_of_a_rate_is_that_of_its_line(assigned: int, total: int) -> None:
    assert rate_percent(assigned / total) == assigned * 100 / total
    assert rate_percent(7 / 25) == 28.0
