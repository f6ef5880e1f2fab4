"""Instants, dates and months: milliseconds in UTC, finer input is truncated."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.time.instants import (
    add_months,
    format_instant,
    parse_date,
    parse_instant,
    parse_utc_instant,
    whole_days_left,
)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22T19:56:00Z", datetime(2026, 11, 22, 19, 56)),
        ("2026-11-22T19:56:00.1239999Z", datetime(2026, 11, 22, 19, 56, 0, 123000)),
        ("2026-11-22t19:56:00z", datetime(2026, 11, 22, 19, 56)),
        ("2026-11-22T21:56:00+02:00", datetime(2026, 11, 22, 19, 56)),
        ("2026-11-22T19:56:00-00:00", datetime(2026, 11, 22, 19, 56)),
        ("2026-11-22T19:56:00+00:59", datetime(2026, 11, 22, 18, 57)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59)),
        ("2017-01-01T01:59:60.25+02:00", datetime(2016, 12, 31, 23, 59, 59, 250000)),
        ("2026-01-01T00:00:00-00:30", datetime(2026, 1, 1, 0, 30)),
        ("1969-12-31T23:59:59.9999Z", datetime(1969, 12, 31, 23, 59, 59, 999000)),
    ],
)
def test_reads_rfc_3339_and_cuts_what_is_finer_than_a_millisecond(text: str, instant: datetime) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T19:56:00",
        "2026-11-22",
        "",
        "now",
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "٢٠٢٦-11-22T19:56:00Z",
        "0001-01-01T00:00:00+01:00",
        "2026-11-22T19:56:00+25:00",
        "2026-11-22T19:56:00+00:60",
        "2026-11-22T19:56:00-01:99",
        "2026-11-22T19:56:61Z",
        "2026-11-22T19:60:00Z",
    ],
)
def test_refuses_what_is_no_instant_or_has_no_zone(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|does not exist"):
        parse_instant(text)


@pytest.mark.parametrize("zone", ["", "Z", "+00:00", "-00:00"])
def test_an_instant_without_a_zone_is_in_utc_where_a_report_says_so(zone: str) -> None:
    assert parse_utc_instant(f"2026-11-22 19:56:00.5{zone}") == datetime(2026, 11, 22, 19, 56, 0, 500000)
    assert parse_utc_instant(f"2016-12-31T23:59:60{zone}") == datetime(2016, 12, 31, 23, 59, 59)
    with pytest.raises(ValueError, match="is not"):
        parse_utc_instant("2026-11-22T19:56:00+00:60")


def test_prints_milliseconds_only_where_there_are_any() -> None:
    assert format_instant(datetime(2026, 11, 22, 19, 56)) == "2026-11-22T19:56:00Z"
    assert format_instant(datetime(2026, 11, 22, 19, 56, 0, 7000)) == "2026-11-22T19:56:00.007Z"
    assert format_instant(datetime(2026, 11, 22, 19, 56, 0, 999)) == "2026-11-22T19:56:00Z"
    assert format_instant(datetime(1, 1, 1)) == "0001-01-01T00:00:00Z"


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))
def test_what_is_printed_reads_back(instant: datetime) -> None:
    cut = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    assert parse_instant(format_instant(cut)) == cut


def test_reads_dates_and_refuses_others() -> None:
    assert parse_date("2028-02-29") == date(2028, 2, 29)
    for text in ("2026-02-29", "2026-1-1", "20260101", "2026-01-01T00:00:00Z"):
        with pytest.raises(ValueError, match=r"is not|does not exist"):
            parse_date(text)


def test_a_month_later_is_clamped_to_the_months_length() -> None:
    assert add_months(datetime(2026, 1, 31, 5), 1) == datetime(2026, 2, 28, 5)
    assert add_months(datetime(2027, 11, 30), 3) == datetime(2028, 2, 29)


def test_days_left_are_rounded_up_and_never_negative() -> None:
    now = datetime(2026, 11, 22, 12)
    assert whole_days_left(now + timedelta(days=2), now) == 2
    assert whole_days_left(now + timedelta(days=2, milliseconds=1), now) == 3
    assert whole_days_left(now - timedelta(days=1), now) == 0
