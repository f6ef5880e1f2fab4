"""Since when statuses hold (domain rules: "Customer statuses", the table of `since`)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.customers.status_since import find_since, first_of_chain
from domain.customers.statuses import CustomerFacts, Thresholds, statuses_at
from domain.customers.transitions import transition_times
from domain.entitlements.lifecycle import Entitlement, LicenseFigures, state_at
from domain.time.instants import MAX_INSTANT
from domain.types import CustomerStatus, EntitlementState, Product
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
ENTERED = NOON - timedelta(minutes=5)
START = NOON - 100 * DAY


def since(facts: CustomerFacts, now: datetime = NOON, limits: Thresholds | None = None) -> dict[S, datetime]:
    """Return `since` of the statuses that hold; all were entered at ENTERED."""
    limits = limits or Thresholds()
    basis = statuses_at(facts, limits, now)
    return find_since(facts, basis, dict.fromkeys(basis, ENTERED), limits, now)


OVER = [LicenseFigures(Product.CALLING, 10, 11, 0)]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (entitlement(), {S.SUBSCRIPTION: START}),
        (trial(), {S.TRIAL: START}),
        (entitlement(first_ends_at=NOON - 9 * DAY), {S.EXPIRED: NOON - 9 * DAY}),
        (entitlement(cancelled_at=NOON - 20 * DAY), {S.EXPIRED: NOON - 20 * DAY}),
        (
            entitlement(first_ends_at=NOON + 2 * DAY),
            {S.EXPIRING_SOON: NOON - 5 * DAY, S.SUBSCRIPTION: START},
        ),
        (
            trial(starts_at=NOON - DAY, first_ends_at=NOON + 2 * DAY),
            {S.EXPIRING_SOON: NOON - DAY, S.TRIAL: NOON - DAY},
        ),
        (entitlement(set_up=False, added_at=NOON - 3 * DAY), {S.READY_FOR_ORDER_SETUP: NOON - 3 * DAY}),
        (entitlement(set_up=False, added_at=NOON + 3 * DAY), {S.READY_FOR_ORDER_SETUP: ENTERED}),
        (entitlement(suspended=True), {S.SUSPENDED: ENTERED}),
        (entitlement(suspended=True, suspended_at=NOON - 2 * DAY), {S.SUSPENDED: NOON - 2 * DAY}),
        (entitlement(suspended=True, suspended_at=START - DAY), {S.SUSPENDED: START}),
        (entitlement(suspended=True, suspended_at=NOON + DAY), {S.SUSPENDED: ENTERED}),
        (entitlement(licenses=OVER), {S.LICENSE_OVERAGE: ENTERED, S.SUBSCRIPTION: START}),
    ],
)
def test_the_facts_say_since_when_each_status_holds(held: Entitlement, expected: dict[S, datetime]) -> None:
    assert since(customer(held)) == expected


@pytest.mark.parametrize(
    ("signed_in", "starts", "expected"),
    [
        (NOON - 70 * DAY, START, NOON - 10 * DAY),
        (NOON - 70 * DAY, NOON - DAY, NOON - DAY),
        (None, START, NOON - 20 * DAY),
    ],
)
def test_inactivity_holds_since_the_limit_or_the_start(
    signed_in: datetime | None, starts: datetime, expected: datetime
) -> None:
    facts = customer(entitlement(starts_at=starts), last_sign_in_at=signed_in, created_at=NOON - 80 * DAY)
    assert since(facts)[S.NO_RECENT_ACTIVITY] == expected


def test_a_status_that_one_entitlement_takes_over_from_another_goes_on() -> None:
    first = entitlement(first_ends_at=NOON - 30 * DAY)
    assert since(customer(first, entitlement(starts_at=NOON - 30 * DAY)))[S.SUBSCRIPTION] == START
    after_a_gap = NOON - 30 * DAY + MS
    assert since(customer(first, entitlement(starts_at=after_a_gap)))[S.SUBSCRIPTION] == after_a_gap


def test_of_several_suspensions_one_without_a_moment_began_with_its_event_at_the_latest() -> None:
    known, unknown = (entitlement(suspended=True, suspended_at=at) for at in (NOON - DAY, None))
    assert since(customer(known, unknown)) == {S.SUSPENDED: NOON - DAY}
    later = entitlement(suspended=True, suspended_at=NOON - timedelta(minutes=1))
    assert since(customer(later, unknown)) == {S.SUSPENDED: ENTERED}


def test_a_chain_ends_at_a_gap_and_before_now() -> None:
    a, b, c = NOON, NOON + DAY, NOON + 2 * DAY
    assert first_of_chain([(b, c), (a, b)], c - MS) == a
    assert first_of_chain([(b, c), (a, b)], c) is None
    assert first_of_chain([(a, b), (b + MS, c)], c - MS) == b + MS
    assert first_of_chain([], NOON) is None


def _holds(status: S, facts: CustomerFacts, limits: Thresholds, at: datetime) -> bool:
    """Return whether the facts as they stand say that the status held at a moment."""
    if status is S.READY_FOR_ORDER_SETUP:
        return any(state_at(e, at) is EntitlementState.READY_FOR_SETUP and e.added_at <= at for e in facts.entitlements)
    if status is S.SUSPENDED:
        return any(
            state_at(e, at) is EntitlementState.SUSPENDED and (e.suspended_at or MAX_INSTANT) <= at
            for e in facts.entitlements
        )
    return status in statuses_at(facts, limits, at)


@settings(max_examples=300)
@given(customers(), thresholds, instants)
def test_each_status_has_held_at_every_moment_since(facts: CustomerFacts, limits: Thresholds, now: datetime) -> None:
    facts.removed_at = None
    delivered = {at for e in facts.entitlements for at in (e.added_at, e.suspended_at) if at is not None}
    moments = sorted({at for at in {*transition_times(facts, limits), *delivered} if at <= now}, reverse=True)
    basis = statuses_at(facts, limits, now)
    for status, begin in since(facts, now, limits).items():
        unknown = [e for e in basis[status] if status is S.SUSPENDED and (e.suspended_at or MAX_INSTANT) > now]
        if status is S.LICENSE_OVERAGE or unknown or not _holds(status, facts, limits, now):
            continue
        held = next((i for i, at in enumerate(moments) if not _holds(status, facts, limits, at)), len(moments))
        assert begin == moments[held - 1]


@settings(max_examples=200)
@given(customers(), thresholds, instants, st.integers(0, 60))
def test_time_alone_does_not_move_since(facts: CustomerFacts, limits: Thresholds, now: datetime, halves: int) -> None:
    later = now + halves * timedelta(hours=12)
    moments = {now, later, *(at for at in transition_times(facts, limits) if now < at <= later)}
    before, after = since(facts, now, limits), since(facts, later, limits)
    for status in before.keys() - {S.SUSPENDED, S.READY_FOR_ORDER_SETUP}:
        if all(status in statuses_at(facts, limits, at) for at in moments):
            assert before[status] == after[status]
