"""Forecasts: the months in which entitlements end, and the number of licences that is suggested."""

from datetime import date, datetime
from decimal import Decimal
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.entitlements.forecasts import (
    EndGroup,
    EndSums,
    check_months,
    forecast_months,
    later_month,
    suggested_total,
)
from domain.failures import NumberOutOfRange
from domain.money import Money
from domain.time.instants import add_months

NOW = datetime(2026, 11, 30, 23, 59)
MAY = date(2027, 5, 1)


def group(month: date, term_months: int | None, value: Money | None = None) -> EndGroup:
    return EndGroup(month, term_months, EndSums(1, 10, 4, 2, value))


def test_an_entitlement_that_does_not_renew_counts_once() -> None:
    months = forecast_months([group(MAY, None)], NOW, 12)
    assert [month.month for month in months[:3]] == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
    assert len(months) == 12
    assert [(month.month, month.expiring, month.renewing) for month in months if month.licenses] == [(MAY, 1, 0)]


def test_a_renewing_subscription_counts_in_each_month_of_its_coming_ends() -> None:
    euros = Money(Decimal("10.50"), "EUR")
    groups = [
        group(date(2026, 12, 1), 5, value=euros),
        group(MAY, 12, value=Money(Decimal(3), "CHF")),
        group(MAY, None, value=euros),
    ]
    months = {month.month: month for month in forecast_months(groups, NOW, 24)}
    renewing = [month.month.isoformat() for month in months.values() if month.renewing]
    assert renewing == ["2026-12-01", "2027-05-01", "2027-10-01", "2028-03-01", "2028-05-01", "2028-08-01"]
    may = months[MAY]
    assert (may.renewing, may.expiring, may.licenses, may.unassigned, may.unused) == (2, 1, 30, 12, 6)
    assert may.value == [Money(Decimal(3), "CHF"), Money(Decimal("21.00"), "EUR")]
    assert months[date(2027, 6, 1)].value == []


def test_ends_outside_the_months_do_not_count() -> None:
    groups = [group(date(2027, 1, 1), 1), group(date(2026, 10, 1), None)]
    assert [month.renewing + month.expiring for month in forecast_months(groups, NOW, 2)] == [0, 0]


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 300))
def test_a_later_month_is_the_month_of_a_later_end(day: date, months: int) -> None:
    end = add_months(datetime(day.year, day.month, day.day), months)
    assert later_month(day, months) == date(end.year, end.month, 1)


@given(st.integers(0, 50_000_000))
def test_the_suggestion_is_one_tenth_more_rounded_up(needed: int) -> None:
    assert suggested_total(needed) == max(1, ceil(needed * 11 / 10))


@pytest.mark.parametrize("months", [0, 25, -1])
def test_a_forecast_has_1_to_24_months(months: int) -> None:
    with pytest.raises(NumberOutOfRange):
        check_months(months)
    assert [check_months(allowed) for allowed in (1, 24)] == [1, 24]
