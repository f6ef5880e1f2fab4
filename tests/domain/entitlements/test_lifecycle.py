"""States and ends of entitlements (domain rules: "Entitlements")."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.entitlements.lifecycle import (
    LIVING_STATES,
    Entitlement,
    count_renewals,
    count_terms_until_end,
    effective_end,
    fixed_end,
    is_living,
    is_running,
    next_change_at,
    next_renewal,
    renewal_due_at,
    renews,
    state_at,
)
from domain.time.instants import add_months
from domain.types import EntitlementState
from tests.domain.entitlements.factory_entitlements import DAY, MS, NOON, entitlement, entitlements, instants, trial

State = EntitlementState


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, State.ACTIVE),
        ({"suspended": True}, State.SUSPENDED),
        ({"starts_at": NOON + MS}, State.SCHEDULED),
        ({"starts_at": NOON}, State.ACTIVE),
        ({"set_up": False}, State.READY_FOR_SETUP),
        ({"set_up": False, "starts_at": NOON + DAY, "suspended": True}, State.READY_FOR_SETUP),
        ({"first_ends_at": NOON}, State.EXPIRED),
        ({"first_ends_at": NOON + MS}, State.ACTIVE),
        ({"first_ends_at": NOON - DAY, "set_up": False}, State.EXPIRED),
        ({"cancelled_at": NOON}, State.CANCELLED),
        ({"cancelled_at": NOON + MS}, State.ACTIVE),
        ({"first_ends_at": NOON - DAY, "auto_renew": True}, State.ACTIVE),
        ({"first_ends_at": NOON - DAY, "auto_renew": True, "cancelled_at": NOON + DAY}, State.EXPIRED),
        ({"first_ends_at": NOON - DAY, "ends_at": NOON + MS}, State.ACTIVE),
        ({"cancelled_at": NOON, "first_ends_at": NOON - DAY}, State.CANCELLED),
        ({"suspended": True, "starts_at": NOON + DAY}, State.SCHEDULED),
    ],
)
def test_the_first_state_that_applies_holds(facts: dict[str, Any], state: State) -> None:
    assert state_at(entitlement(**facts), NOON) is state


def test_an_auto_renewing_subscription_never_expires() -> None:
    subscription = entitlement(auto_renew=True, first_ends_at=NOON, term_months=1)
    assert state_at(subscription, NOON) is State.ACTIVE
    assert effective_end(subscription, NOON - MS) == NOON
    assert effective_end(subscription, NOON) == datetime(2026, 12, 22, 12)
    assert next_renewal(subscription, NOON) == datetime(2026, 12, 22, 12)


def test_the_nth_end_is_counted_from_the_first_end_so_that_clamped_days_come_back() -> None:
    subscription = entitlement(auto_renew=True, first_ends_at=datetime(2026, 1, 31), term_months=1)
    assert effective_end(subscription, datetime(2026, 2, 1)) == datetime(2026, 2, 28)
    assert effective_end(subscription, datetime(2026, 2, 28)) == datetime(2026, 3, 31)


def test_a_trial_does_not_renew() -> None:
    expired = trial(auto_renew=True, first_ends_at=NOON - DAY)
    assert (renews(expired), effective_end(expired, NOON)) == (False, NOON - DAY)


@pytest.mark.parametrize(("cancelled_at", "end"), [(NOON + 5 * DAY, NOON), (NOON - 5 * DAY, NOON - 5 * DAY)])
def test_a_cancellation_for_any_day_ends_the_renewals(cancelled_at: datetime, end: datetime) -> None:
    subscription = entitlement(auto_renew=True, first_ends_at=NOON, term_months=1, cancelled_at=cancelled_at)
    assert not renews(subscription)
    assert next_renewal(subscription, NOON - DAY) is None
    assert effective_end(subscription, NOON + 400 * DAY) == fixed_end(subscription) == end


def test_a_subscription_that_stops_renewing_ends_where_it_was() -> None:
    reached: dict[str, Any] = {
        "first_ends_at": datetime(2026, 1, 31),
        "ends_at": datetime(2026, 11, 30),
        "term_months": 1,
    }
    stopped = entitlement(**reached)
    assert effective_end(stopped, NOON) == effective_end(stopped, NOON + 90 * DAY) == datetime(2026, 11, 30)
    again = entitlement(**reached, auto_renew=True)
    assert effective_end(again, datetime(2026, 12, 1)) == datetime(2026, 12, 31)


def test_renewals_are_due_at_once_until_all_are_recorded() -> None:
    facts: dict[str, Any] = {"auto_renew": True, "first_ends_at": datetime(2026, 1, 31), "term_months": 1}
    assert renewal_due_at(entitlement(**facts, renewals=9), NOON) == NOON
    assert renewal_due_at(entitlement(**facts, renewals=10), NOON) == datetime(2026, 11, 30)
    assert renewal_due_at(entitlement(), NOON) is None
    stopped = {**facts, "auto_renew": False, "ends_at": datetime(2026, 11, 30)}
    assert renewal_due_at(entitlement(**stopped, renewals=9), NOON) == NOON
    assert renewal_due_at(entitlement(**stopped, renewals=10), NOON + 30 * DAY) is None


@settings(max_examples=300)
@given(instants, st.integers(0, 40), st.sampled_from([1, 7, 12]), st.sampled_from([1, 5, 12]))
def test_terms_of_another_length_count_until_the_end_that_was_reached(
    first: datetime, renewals: int, months: int, other: int
) -> None:
    end = add_months(first, renewals * months)
    reached = entitlement(first_ends_at=first, ends_at=end, term_months=months)
    assert count_terms_until_end(reached) == renewals
    count = count_terms_until_end(entitlement(first_ends_at=first, ends_at=end, term_months=other))
    assert add_months(first, count * other) >= end
    assert count == 0 or add_months(first, (count - 1) * other) < end


def test_running_is_active_or_suspended_and_living_includes_the_future() -> None:
    ahead = entitlement(starts_at=NOON + DAY)
    assert is_running(entitlement(suspended=True), NOON) and not is_running(ahead, NOON)
    assert is_living(ahead, NOON) and not is_living(entitlement(first_ends_at=NOON), NOON)


@settings(max_examples=300)
@given(entitlements(), instants)
def test_what_is_neither_cancelled_nor_expired_is_living(facts: Entitlement, now: datetime) -> None:
    assert is_living(facts, now) is (state_at(facts, now) in LIVING_STATES)


@settings(max_examples=300)
@given(entitlements(), instants)
def test_the_end_is_the_smallest_term_end_that_lies_after_now(drawn: Entitlement, now: datetime) -> None:
    if not renews(drawn):
        assert effective_end(drawn, now) == min(drawn.ends_at, drawn.cancelled_at or drawn.ends_at)
        return
    expected, n = drawn.first_ends_at, 0
    while expected <= now:
        n += 1
        expected = add_months(drawn.first_ends_at, n * (drawn.term_months or 12))
    assert (effective_end(drawn, now), count_renewals(drawn, now)) == (expected, n)


@settings(max_examples=200)
@given(entitlements(), instants, instants)
def test_state_and_end_stay_until_the_next_change(facts: Entitlement, one: datetime, other: datetime) -> None:
    now, later = sorted([one, other])
    if later < next_change_at(facts, now):
        assert state_at(facts, later) is state_at(facts, now)
        assert effective_end(facts, later) == effective_end(facts, now)
        assert next_renewal(facts, later) == next_renewal(facts, now)
