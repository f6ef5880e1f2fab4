"""Which of the orders made here give way to the ordering system's own."""

from datetime import datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.entitlements.lifecycle import end_after_renewals
from domain.entitlements.orders import find_renewal, is_same_order, is_same_renewal, other_numbers
from domain.time.instants import add_months
from tests.domain.entitlements.factory_entitlements import entitlement

AT = datetime(2026, 1, 31)


@pytest.mark.parametrize(
    ("days", "term", "is_same"),
    [
        (0, 12, True),
        (-167, 12, True),
        (167, 12, True),
        (168, 12, False),
        (-168, 12, False),
        (13, 1, True),
        (14, 1, False),
    ],
)
def test_a_renewal_is_that_of_the_term_it_is_near(days: int, term: int, is_same: bool) -> None:
    placed = AT + timedelta(days=days)
    assert is_same_order("RENEWAL", placed, "RENEWAL", AT, term) is is_same
    assert is_same_renewal(placed, AT, term) is is_same


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(1, 60), st.integers(0, 10))
def test_one_delivered_renewal_stands_for_at_most_one_of_ours(placed: datetime, term: int, first: int) -> None:
    ends = [add_months(datetime(2020, 1, 31), (first + n) * term) for n in range(12)]
    assert sum(is_same_order("RENEWAL", placed, "RENEWAL", end, term) for end in ends) <= 1


@given(st.integers(1, 30), st.integers(1, 60), st.data())
def test_the_renewal_of_an_order_is_found_by_its_time(term: int, renewals: int, data: st.DataObject) -> None:
    held = entitlement(first_ends_at=AT, term_months=term, renewals=renewals)
    renewal = data.draw(st.integers(1, renewals))
    away = data.draw(st.integers(-14 * term + 1, 14 * term - 1))
    assert find_renewal(held, end_after_renewals(held, renewal - 1) + timedelta(days=away)) == renewal
    assert find_renewal(held, AT - timedelta(days=14 * term)) is None
    assert find_renewal(held, end_after_renewals(held, renewals) + timedelta(days=14 * term)) is None


def test_a_number_that_is_taken_gets_the_next_letter() -> None:
    numbers = list(islice(other_numbers("S-R5"), 30))
    assert numbers[:4] == ["S-R5", "S-R5b", "S-R5c", "S-R5d"]
    assert numbers[25:28] == ["S-R5z", "S-R5ba", "S-R5bb"]
    assert len(set(numbers)) == len(numbers)


def test_a_subscription_is_new_only_once() -> None:
    assert is_same_order("NEW", AT + timedelta(days=900), "NEW", AT, 12)
    assert not is_same_order("NEW", AT, "RENEWAL", AT, 12)
    assert not is_same_order("RENEWAL", AT, "NEW", AT, 12)
    assert not is_same_order("ADD_LICENSES", AT, "ADD_LICENSES", AT, 12)
