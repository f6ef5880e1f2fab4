"""Estimates of how many customers have keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.customers.list_planner.estimates import PAGE_ROWS, estimate_count, estimate_scanned, has_share
from tests.store.customers.list_planner.factory_plans import FixedCounts


@pytest.mark.parametrize(
    ("keys", "share"),
    [
        (("tag:x",), 0.03),
        (("status:TRIAL", "status:EXPIRED"), 0.21),
        (("status:SUBSCRIPTION", "product:CALLING", "managed_by:X"), 1.0),
        (("w:ac",), 0.09),
    ],
)
def test_uncounted_keys_have_the_share_of_their_dimensions_and_at_most_all(keys: tuple[str, ...], share: float) -> None:
    estimate = estimate_count(FixedCounts(), keys, 1_000)
    assert estimate.customers == pytest.approx(1_000 * share)
    assert not estimate.is_known


def test_a_count_replaces_the_estimate_even_if_it_is_zero() -> None:
    assert estimate_count(FixedCounts({"tag:x": 0}), ("tag:x",), 1_000) == (0, True)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, True),
        ({"status:SUBSCRIPTION": 1}, True),
        ({"status:SUBSCRIPTION": 24, "*": 100}, False),
        ({"status:SUBSCRIPTION": 25, "*": 100}, True),
    ],
)
def test_a_share_is_counted_if_both_numbers_are_known(known: dict[str, int], expected: bool) -> None:
    assert has_share(FixedCounts(known), ("status:SUBSCRIPTION",), 0.25) is expected


def test_a_scan_passes_as_many_customers_as_independent_conditions_drop() -> None:
    assert estimate_scanned(5_000, [], 200_000) == PAGE_ROWS
    assert estimate_scanned(5_000, [20_000], 200_000) == PAGE_ROWS * 10
    assert estimate_scanned(5_000, [20_000, 100_000], 200_000) == PAGE_ROWS * 20
    # It never passes more than the key has, and a count of zero does not divide.
    assert estimate_scanned(5_000, [0], 200_000) == 5_000


@given(st.floats(1, 1e6), st.lists(st.floats(0, 1e6), max_size=4), st.floats(1, 1e6))
def test_another_condition_never_shortens_a_scan(count: float, others: list[float], other: float) -> None:
    assert estimate_scanned(count, [*others, other], 200_000) >= estimate_scanned(count, others, 200_000)
