"""The keys of a customer document, above all those of ends."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.customers.keys import (
    build_customer_keys,
    expiry_keys,
    expiry_window_keys,
    ordering_expiry_window_keys,
    ordering_keys,
    select_event_keys,
)

HOUR = timedelta(hours=1)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))


def test_a_customer_has_a_key_for_each_condition_of_a_filter() -> None:
    keys = build_customer_keys(
        managed_by="PARTNER_ORGANIZATION",
        products=["CALLING"],
        statuses=["TRIAL"],
        subscription_types=["TRIAL"],
        tag_ids=["tag_2", "tag_1"],
        administrator_ids=["adm_1", "adm_1"],
        country="de",
        words=["ab"],
        expiring_ends=[],
    )
    assert keys == [
        "*",
        "managed_by:PARTNER_ORGANIZATION",
        "product:CALLING",
        "status:TRIAL",
        "type:TRIAL",
        "no:status:SUBSCRIPTION",
        "no:type:SUBSCRIPTION",
        "tag:tag_1",
        "tag:tag_2",
        "administrator:adm_1",
        "country:DE",
        "w:a",
        "w:ab",
    ]


def test_events_omit_the_keys_of_time_and_words() -> None:
    assert select_event_keys(["*", "status:TRIAL", *expiry_keys([datetime(2026, 1, 1)]), "w:a"]) == [
        "*",
        "status:TRIAL",
    ]


@given(instants, st.integers(1, 365), st.floats(0.0, 1.0))
def test_an_end_within_the_window_shares_a_bucket_with_it(now: datetime, days: int, part: float) -> None:
    end = now + part * timedelta(days=days)
    assert not set(expiry_keys([end])).isdisjoint(expiry_window_keys(now, now + timedelta(days=days)))


@given(instants, st.integers(1, 365), st.timedeltas(HOUR, timedelta(days=400)))
def test_an_end_an_hour_outside_the_window_shares_none(now: datetime, days: int, distance: timedelta) -> None:
    until = now + timedelta(days=days)
    window = set(expiry_window_keys(now, until))
    assert window.isdisjoint(expiry_keys([now - distance, until + distance]))


@given(instants, st.integers(1, 365))
def test_a_window_is_at_most_64_buckets(now: datetime, days: int) -> None:
    """Above 200 range scans MongoDB sorts in memory instead of merging."""
    assert len(expiry_window_keys(now, now + timedelta(days=days))) <= 64


@given(instants, st.integers(1, 365), st.floats(0.0, 1.0))
def test_an_end_within_the_window_shares_an_ordering_bucket_with_it(now: datetime, days: int, part: float) -> None:
    end = now + part * timedelta(days=days)
    window = ordering_expiry_window_keys(now, now + timedelta(days=days))
    assert not set(ordering_keys(expiry_keys([end]))).isdisjoint(window)
    # Each bucket is a range scan that MongoDB plans and merges.
    assert len(window) <= 21


@given(instants, st.integers(1, 365), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_an_end_64_hours_outside_the_window_or_512_where_it_is_long_shares_no_ordering_bucket(
    now: datetime, days: int, distance: timedelta
) -> None:
    until, distance = now + timedelta(days=days), distance + (64 if days <= 120 else 512) * HOUR
    window = set(ordering_expiry_window_keys(now, until))
    assert window.isdisjoint(ordering_keys(expiry_keys([now - distance, until + distance])))


def test_order_keys_omit_words_holdings_and_small_buckets() -> None:
    keys = ["*", "status:TRIAL", "running:CALLING", "holds:any", "w:acme", "ends_1h:5", "ends_8h:5", "ends_64h:5"]
    assert ordering_keys(keys) == ["*", "status:TRIAL", "ends_64h:5"]
