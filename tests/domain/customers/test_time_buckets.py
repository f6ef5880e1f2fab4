"""Buckets of time: every window is covered, by few buckets that extend little beyond it."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.customers.keys import ordering_keys
from domain.customers.time_buckets import CREATIONS, EXPIRIES, RENEWALS, SIGN_INS, ordering_expiry_window_keys

NOW = datetime(2026, 11, 28, 18)
HOUR = timedelta(hours=1)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))
anywhen = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))


@given(instants, st.integers(1, 365), st.floats(0.0, 1.0))
def test_an_end_within_the_window_shares_a_bucket_with_it(now: datetime, days: int, part: float) -> None:
    end = now + part * timedelta(days=days)
    assert not set(EXPIRIES.keys([end])).isdisjoint(EXPIRIES.window_keys(now, now + timedelta(days=days)))


@given(instants, st.integers(1, 365), st.timedeltas(HOUR, timedelta(days=400)))
def test_an_end_an_hour_outside_the_window_shares_none(now: datetime, days: int, distance: timedelta) -> None:
    until = now + timedelta(days=days)
    window = set(EXPIRIES.window_keys(now, until))
    assert window.isdisjoint(EXPIRIES.keys([now - distance, until + distance]))


@given(instants, st.integers(1, 365))
def test_a_window_is_at_most_64_buckets(now: datetime, days: int) -> None:
    """Above 200 range scans MongoDB sorts in memory instead of merging."""
    assert len(EXPIRIES.window_keys(now, now + timedelta(days=days))) <= 64


@given(instants, st.integers(1, 365), st.floats(0.0, 1.0))
def test_an_end_within_the_window_shares_an_ordering_bucket_with_it(now: datetime, days: int, part: float) -> None:
    end = now + part * timedelta(days=days)
    window = ordering_expiry_window_keys(now, now + timedelta(days=days))
    assert not set(ordering_keys(EXPIRIES.keys([end]))).isdisjoint(window)
    # Each bucket is a range scan that MongoDB plans and merges.
    assert len(window) <= 21


@given(instants, st.integers(1, 365), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_an_end_64_hours_outside_the_window_or_512_where_it_is_long_shares_no_ordering_bucket(
    now: datetime, days: int, distance: timedelta
) -> None:
    until, distance = now + timedelta(days=days), distance + (64 if days <= 120 else 512) * HOUR
    window = set(ordering_expiry_window_keys(now, until))
    assert window.isdisjoint(ordering_keys(EXPIRIES.keys([now - distance, until + distance])))


@given(instants, st.integers(1, 365), st.floats(0.0, 1.0))
def test_a_renewal_within_the_window_shares_a_bucket_with_it(now: datetime, days: int, part: float) -> None:
    until = now + timedelta(days=days)
    keys = RENEWALS.keys([now + part * (until - now)])
    assert not set(keys).isdisjoint(RENEWALS.coarse_window_keys(now, until))
    assert not set(ordering_keys(keys)).isdisjoint(RENEWALS.at_least(256).window_keys(now, until))
    assert len(RENEWALS.coarse_window_keys(now, until)) <= 66


@given(instants, st.integers(1, 365), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_renewal_the_length_of_the_window_outside_shares_none(now: datetime, days: int, distance: timedelta) -> None:
    length = timedelta(days=days)
    window = set(RENEWALS.coarse_window_keys(now, now + length))
    assert window.isdisjoint(RENEWALS.keys([now - length - distance, now + 2 * length + distance]))


@settings(max_examples=300)
@given(anywhen, st.none() | anywhen, st.none() | anywhen)
def test_an_instant_in_a_range_shares_a_bucket_with_it(
    instant: datetime, since: datetime | None, until: datetime | None
) -> None:
    if (since is not None and since > instant) or (until is not None and instant >= until):
        return
    window = CREATIONS.open_window_keys(since, until, NOW)
    assert not set(CREATIONS.keys([instant])).isdisjoint(window)
    # Each bucket is a range scan; MongoDB merges up to 200 in order.
    assert len(window) <= 100


@given(st.timedeltas(timedelta(days=1), timedelta(days=3000)))
def test_a_range_without_an_end_extends_little_beyond_its_start(age: timedelta) -> None:
    window = set(SIGN_INS.open_window_keys(NOW - age, None, NOW))
    assert window.isdisjoint(SIGN_INS.keys([NOW - 1.5 * age - 8 * HOUR, NOW - 10 * age]))
