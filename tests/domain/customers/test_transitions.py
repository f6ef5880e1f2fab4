"""Transitions of statuses over time, and when each status was entered."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.statuses import CustomerFacts, Thresholds, statuses_at
from domain.customers.transitions import (
    advance_statuses,
    apply_status_change,
    merge_entered_at,
    next_transition_at,
    transition_times,
)
from domain.entitlements.lifecycle import LicenseFigures
from domain.time.instants import MAX_INSTANT, MIN_INSTANT
from domain.types import CustomerStatus, Product
from tests.domain.entitlements.factory_entitlements import (
    DAY,
    MS,
    NOON,
    customer,
    customers,
    entitlement,
    instants,
    thresholds,
    trial,
)

S = CustomerStatus
DEFAULTS = Thresholds()


def test_a_status_is_entered_at_its_transition_time_or_with_the_write() -> None:
    facts = customer(entitlement(first_ends_at=NOON + 8 * DAY))
    since, _ = apply_status_change({}, statuses_at(facts, DEFAULTS, NOON), NOON)
    assert since == {S.SUBSCRIPTION: NOON}
    later, transitions = advance_statuses(since, facts, DEFAULTS, NOON, NOON + 5 * DAY)
    assert later == {S.EXPIRING_SOON: NOON + DAY, S.SUBSCRIPTION: NOON}
    assert [(transition.at, transition.entered, transition.left) for transition in transitions] == [
        (NOON + DAY, (S.EXPIRING_SOON,), ())
    ]
    assert transitions[0].statuses == (S.EXPIRING_SOON, S.SUBSCRIPTION)


def test_a_status_that_began_and_ended_between_two_evaluations_leaves_no_transition() -> None:
    facts = customer(entitlement(auto_renew=True), trial(starts_at=NOON + DAY, first_ends_at=NOON + 2 * DAY))
    since, _ = apply_status_change({}, statuses_at(facts, DEFAULTS, NOON), NOON)
    later, transitions = advance_statuses(since, facts, DEFAULTS, NOON, NOON + 5 * DAY)
    assert (later, transitions) == (since, [])


@given(customers(), thresholds, instants, st.lists(instants, max_size=6))
def test_the_result_does_not_depend_on_evaluations_in_between(
    facts: CustomerFacts, limits: Thresholds, begin: datetime, stops: list[datetime]
) -> None:
    start = merge_entered_at({}, statuses_at(facts, limits, begin), begin)
    end = begin + 60 * DAY
    direct, _ = advance_statuses(start, facts, limits, begin, end)
    path = [begin, *sorted(stop for stop in stops if begin < stop < end), end]
    stepped = start
    for earlier, later in pairwise(path):
        stepped, _ = advance_statuses(stepped, facts, limits, earlier, later)
    assert stepped == direct


@given(customers(), thresholds, instants)
def test_a_transition_is_at_its_time_to_the_millisecond(
    facts: CustomerFacts, limits: Thresholds, now: datetime
) -> None:
    for moment in {m for m in transition_times(facts, limits) if m > now}:
        before, at = statuses_at(facts, limits, moment - MS), statuses_at(facts, limits, moment)
        since, transitions = advance_statuses(merge_entered_at({}, before, now), facts, limits, moment - MS, moment)
        assert set(since) == set(at)
        assert [transition.at for transition in transitions] == ([] if set(before) == set(at) else [moment])


@given(customers(), thresholds, instants)
def test_statuses_are_constant_before_the_next_transition(
    facts: CustomerFacts, limits: Thresholds, now: datetime
) -> None:
    until = next_transition_at(facts, limits, now)
    last = now + timedelta(days=400) if until is None else until - MS
    assert set(statuses_at(facts, limits, now)) == set(statuses_at(facts, limits, last))


@given(customers(), thresholds, instants)
def test_transitions_lead_from_the_first_set_to_the_last(
    facts: CustomerFacts, limits: Thresholds, now: datetime
) -> None:
    start = merge_entered_at({}, statuses_at(facts, limits, now), now)
    after, transitions = advance_statuses(start, facts, limits, now, now + 60 * DAY)
    current = set(start)
    for transition in transitions:
        assert transition.entered or transition.left
        current = (current | set(transition.entered)) - set(transition.left)
        assert set(transition.statuses) == current
    assert current == set(after)


def test_a_write_makes_one_transition_and_keeps_the_moments_of_what_still_holds() -> None:
    since = {S.EXPIRING_SOON: NOON - DAY, S.SUBSCRIPTION: NOON - 9 * DAY}
    over = entitlement(licenses=[LicenseFigures(Product.CALLING, 1, 2, 0)])
    basis = statuses_at(customer(over), DEFAULTS, NOON)
    after, transitions = apply_status_change(since, basis, NOON)
    assert after == {S.LICENSE_OVERAGE: NOON, S.SUBSCRIPTION: NOON - 9 * DAY}
    assert transitions == [(NOON, (S.LICENSE_OVERAGE,), (S.EXPIRING_SOON,), (S.LICENSE_OVERAGE, S.SUBSCRIPTION))]


def test_a_write_that_changes_no_status_makes_no_transition() -> None:
    since = {S.SUBSCRIPTION: NOON - DAY}
    assert apply_status_change(since, statuses_at(customer(entitlement()), DEFAULTS, NOON), NOON) == (since, [])


@pytest.mark.parametrize(("end", "clamped"), [(MIN_INSTANT + DAY, MIN_INSTANT), (MAX_INSTANT, MAX_INSTANT - 7 * DAY)])
def test_transition_times_stay_inside_the_calendar(end: datetime, clamped: datetime) -> None:
    times = list(transition_times(customer(entitlement(first_ends_at=end)), DEFAULTS))
    assert clamped in times


def test_activity_at_the_end_of_the_calendar_is_never_followed_by_inactivity() -> None:
    facts = customer(entitlement(auto_renew=True), last_sign_in_at=MAX_INSTANT)
    assert MAX_INSTANT in transition_times(facts, DEFAULTS)
    assert next_transition_at(facts, DEFAULTS, NOON) is None


def test_a_moment_that_was_delivered_for_later_is_a_reason_to_evaluate() -> None:
    suspended = customer(entitlement(suspended=True, suspended_at=NOON + DAY))
    waiting = customer(entitlement(set_up=False, added_at=NOON + DAY))
    assert [next_transition_at(facts, DEFAULTS, NOON) for facts in (suspended, waiting)] == [NOON + DAY] * 2


def test_a_removed_customer_has_no_further_transition() -> None:
    facts = customer(entitlement(), removed_at=NOON)
    assert next_transition_at(facts, DEFAULTS, NOON - MS) == NOON
    assert next_transition_at(facts, DEFAULTS, NOON) is None
