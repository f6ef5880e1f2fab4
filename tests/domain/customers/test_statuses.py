"""Customer statuses: each rule at its boundary, and the laws that hold for any facts (domain.md)."""

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.statuses import CustomerFacts, Thresholds, statuses_at
from domain.customers.transitions import (
    advance_statuses,
    apply_status_change,
    merge_since,
    next_transition_at,
    transition_times,
)
from domain.entitlements.lifecycle import Entitlement, LicenseFigures
from domain.types import URGENCY, CustomerStatus, Product
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
OVER = [LicenseFigures(Product.CALLING, 10, 11, 0)]


def statuses(facts: CustomerFacts, now: datetime = NOON) -> list[CustomerStatus]:
    return list(statuses_at(facts, DEFAULTS, now))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (entitlement(), [S.SUBSCRIPTION]),
        (trial(), [S.TRIAL]),
        (entitlement(suspended=True), [S.SUSPENDED, S.SUBSCRIPTION]),
        (entitlement(licenses=OVER), [S.LICENSE_OVERAGE, S.SUBSCRIPTION]),
        (entitlement(licenses=OVER, starts_at=NOON + DAY), []),
        (entitlement(set_up=False), [S.READY_FOR_ORDER_SETUP]),
        (entitlement(first_ends_at=NOON + 30 * DAY), [S.EXPIRING_SOON, S.SUBSCRIPTION]),
        (entitlement(first_ends_at=NOON + 30 * DAY + MS), [S.SUBSCRIPTION]),
        (entitlement(first_ends_at=NOON + MS), [S.EXPIRING_SOON, S.SUBSCRIPTION]),
        (entitlement(first_ends_at=NOON), [S.EXPIRED]),
        (entitlement(first_ends_at=NOON + DAY, auto_renew=True), [S.SUBSCRIPTION]),
        (trial(first_ends_at=NOON + DAY), [S.EXPIRING_SOON, S.TRIAL]),
        (entitlement(cancelled_at=NOON), [S.EXPIRED]),
        (entitlement(cancelled_at=NOON + MS), [S.SUBSCRIPTION]),
    ],
)
def test_each_rule_on_each_side_of_its_boundary(held: Entitlement, expected: list[CustomerStatus]) -> None:
    assert statuses(customer(held)) == expected


def test_a_customer_without_entitlements_has_no_status() -> None:
    assert statuses(customer(last_sign_in_at=None)) == []


def test_silence_counts_from_the_last_sign_in_or_from_the_creation() -> None:
    sixty = NOON - 60 * DAY
    assert S.NO_RECENT_ACTIVITY in statuses(customer(entitlement(), last_sign_in_at=sixty))
    assert S.NO_RECENT_ACTIVITY not in statuses(customer(entitlement(), last_sign_in_at=sixty + MS))
    assert S.NO_RECENT_ACTIVITY in statuses(customer(entitlement(), last_sign_in_at=None, created_at=sixty))
    assert S.NO_RECENT_ACTIVITY not in statuses(customer(entitlement(set_up=False), last_sign_in_at=sixty))


def test_expired_rests_on_the_entitlement_that_ended_last() -> None:
    early = entitlement(number="A", first_ends_at=NOON - 9 * DAY)
    late = entitlement(number="B", first_ends_at=NOON + DAY, cancelled_at=NOON - DAY)
    assert statuses_at(customer(early, late), DEFAULTS, NOON)[S.EXPIRED] == (late,)


def test_one_living_entitlement_keeps_a_customer_from_being_expired() -> None:
    assert S.EXPIRED not in statuses(customer(entitlement(first_ends_at=NOON), entitlement(starts_at=NOON + DAY)))


def test_a_removed_customer_has_no_status() -> None:
    assert statuses(customer(entitlement(), removed_at=NOON)) == []
    assert statuses(customer(entitlement(), removed_at=NOON + MS)) == [S.SUBSCRIPTION]


def test_since_is_the_boundary_where_time_brought_it_and_the_write_where_a_fact_did() -> None:
    facts = customer(entitlement(first_ends_at=NOON + 31 * DAY))
    since, _ = apply_status_change({}, statuses_at(facts, DEFAULTS, NOON), NOON)
    assert since == {S.SUBSCRIPTION: NOON}
    later, turns = advance_statuses(since, facts, DEFAULTS, NOON, NOON + 5 * DAY)
    assert later == {S.EXPIRING_SOON: NOON + DAY, S.SUBSCRIPTION: NOON}
    assert [(turn.at, turn.entered, turn.left) for turn in turns] == [(NOON + DAY, (S.EXPIRING_SOON,), ())]
    assert turns[0].statuses == (S.EXPIRING_SOON, S.SUBSCRIPTION)


def test_a_status_that_came_and_went_between_two_evaluations_leaves_no_turn() -> None:
    facts = customer(entitlement(auto_renew=True), trial(starts_at=NOON + DAY, first_ends_at=NOON + 2 * DAY))
    since, _ = apply_status_change({}, statuses_at(facts, DEFAULTS, NOON), NOON)
    later, turns = advance_statuses(since, facts, DEFAULTS, NOON, NOON + 5 * DAY)
    assert (later, turns) == (since, [])


@given(customers(), thresholds, instants)
def test_statuses_come_in_order_of_urgency(facts: CustomerFacts, limits: Thresholds, now: datetime) -> None:
    held = list(statuses_at(facts, limits, now))
    assert held == [status for status in URGENCY if status in held]


@given(customers(), thresholds, instants, st.lists(instants, max_size=6))
def test_evaluating_at_once_equals_evaluating_at_all_the_moments_before(
    facts: CustomerFacts, limits: Thresholds, begin: datetime, stops: list[datetime]
) -> None:
    start = merge_since({}, statuses_at(facts, limits, begin), begin)
    end = begin + 60 * DAY
    direct, _ = advance_statuses(start, facts, limits, begin, end)
    path = [begin, *sorted(stop for stop in stops if begin < stop < end), end]
    stepped = start
    for earlier, later in pairwise(path):
        stepped, _ = advance_statuses(stepped, facts, limits, earlier, later)
    assert stepped == direct


@given(customers(), thresholds, instants)
def test_statuses_turn_only_at_moments_and_at_none_a_millisecond_late(
    facts: CustomerFacts, limits: Thresholds, now: datetime
) -> None:
    for moment in {m for m in transition_times(facts, limits) if m > now}:
        before, at = statuses_at(facts, limits, moment - MS), statuses_at(facts, limits, moment)
        since, turns = advance_statuses(merge_since({}, before, now), facts, limits, moment - MS, moment)
        assert set(since) == set(at)
        assert [turn.at for turn in turns] == ([] if set(before) == set(at) else [moment])


@given(customers(), thresholds, instants)
def test_nothing_turns_before_the_next_moment(facts: CustomerFacts, limits: Thresholds, now: datetime) -> None:
    until = next_transition_at(facts, limits, now)
    last = now + timedelta(days=400) if until is None else until - MS
    assert set(statuses_at(facts, limits, now)) == set(statuses_at(facts, limits, last))


@given(customers(), thresholds, instants)
def test_turns_lead_from_the_first_set_to_the_last(facts: CustomerFacts, limits: Thresholds, now: datetime) -> None:
    start = merge_since({}, statuses_at(facts, limits, now), now)
    after, turns = advance_statuses(start, facts, limits, now, now + 60 * DAY)
    current = set(start)
    for turn in turns:
        assert turn.entered or turn.left
        current = (current | set(turn.entered)) - set(turn.left)
        assert set(turn.statuses) == current
    assert current == set(after)


@given(customers(), thresholds, instants, st.randoms())
def test_the_order_of_entitlements_does_not_matter(
    facts: CustomerFacts, limits: Thresholds, now: datetime, chance: Random
) -> None:
    shuffled = list(facts.entitlements)
    chance.shuffle(shuffled)
    again = CustomerFacts(facts.created_at, facts.last_sign_in_at, facts.removed_at, shuffled)
    first, second = statuses_at(facts, limits, now), statuses_at(again, limits, now)
    assert {s: {e.id for e in basis} for s, basis in first.items()} == {
        s: {e.id for e in basis} for s, basis in second.items()
    }
