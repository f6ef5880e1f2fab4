"""Customer statuses: each rule at its boundary, and properties over random facts."""

from datetime import datetime
from random import Random

import pytest
from hypothesis import given

from domain.customers.statuses import CustomerFacts, Thresholds, statuses_at
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
from tests.random_values import randoms

S = CustomerStatus
DEFAULTS = Thresholds()
OVER = [LicenseFigures(Product.CALLING, 10, 11, 0)]


def statuses(facts: CustomerFacts, now: datetime = NOON) -> list[CustomerStatus]:
    return list(statuses_at(facts, DEFAULTS, now))


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (entitlement(), [S.SUBSCRIPTION]),
        (trial(), [S.TRIAL]),
        (entitlement(suspended=True), [S.SUSPENDED]),
        (entitlement(licenses=OVER), [S.LICENSE_OVERAGE, S.SUBSCRIPTION]),
        (entitlement(licenses=OVER, starts_at=NOON + DAY), []),
        (entitlement(set_up=False), [S.READY_FOR_ORDER_SETUP]),
        (entitlement(first_ends_at=NOON + 7 * DAY), [S.EXPIRING_SOON, S.SUBSCRIPTION]),
        (entitlement(first_ends_at=NOON + 7 * DAY + MS), [S.SUBSCRIPTION]),
        (entitlement(first_ends_at=NOON + MS), [S.EXPIRING_SOON, S.SUBSCRIPTION]),
        (entitlement(first_ends_at=NOON), [S.EXPIRED]),
        (entitlement(first_ends_at=NOON + DAY, auto_renew=True), [S.SUBSCRIPTION]),
        (trial(first_ends_at=NOON + DAY), [S.EXPIRING_SOON, S.TRIAL]),
        (entitlement(cancelled_at=NOON), [S.EXPIRED]),
        (entitlement(cancelled_at=NOON + MS), [S.EXPIRING_SOON, S.SUBSCRIPTION]),
        (entitlement(cancelled_at=NOON + 7 * DAY, auto_renew=True), [S.EXPIRING_SOON, S.SUBSCRIPTION]),
        (entitlement(cancelled_at=NOON + 7 * DAY + MS, auto_renew=True), [S.SUBSCRIPTION]),
        (entitlement(first_ends_at=NOON - DAY, auto_renew=True, cancelled_at=NOON + DAY), [S.EXPIRED]),
    ],
)
def test_each_rule_on_each_side_of_its_boundary(fact: Entitlement, expected: list[CustomerStatus]) -> None:
    assert statuses(customer(fact)) == expected


def test_a_customer_without_entitlements_has_no_status() -> None:
    assert statuses(customer(last_sign_in_at=None)) == []


def test_inactivity_counts_from_the_last_sign_in_or_the_creation() -> None:
    sixty_days_ago = NOON - 60 * DAY
    assert S.NO_RECENT_ACTIVITY in statuses(customer(entitlement(), last_sign_in_at=sixty_days_ago))
    assert S.NO_RECENT_ACTIVITY not in statuses(customer(entitlement(), last_sign_in_at=sixty_days_ago + MS))
    assert S.NO_RECENT_ACTIVITY in statuses(customer(entitlement(), last_sign_in_at=None, created_at=sixty_days_ago))
    assert S.NO_RECENT_ACTIVITY not in statuses(customer(entitlement(set_up=False), last_sign_in_at=sixty_days_ago))


def test_expired_rests_on_the_entitlement_that_ended_last() -> None:
    early = entitlement(number="A", first_ends_at=NOON - 9 * DAY)
    late = entitlement(number="B", first_ends_at=NOON + DAY, cancelled_at=NOON - DAY)
    assert statuses_at(customer(early, late), DEFAULTS, NOON)[S.EXPIRED] == (late,)


def test_one_living_entitlement_keeps_a_customer_from_being_expired() -> None:
    assert S.EXPIRED not in statuses(customer(entitlement(first_ends_at=NOON), entitlement(starts_at=NOON + DAY)))


def test_a_removed_customer_has_no_status() -> None:
    assert statuses(customer(entitlement(), removed_at=NOON)) == []
    assert statuses(customer(entitlement(), removed_at=NOON + MS)) == [S.SUBSCRIPTION]


@given(customers(), thresholds, instants)
def test_statuses_come_in_order_of_urgency(facts: CustomerFacts, limits: Thresholds, now: datetime) -> None:
    current = list(statuses_at(facts, limits, now))
    assert current == [status for status in URGENCY if status in current]


@given(customers(), thresholds, instants, randoms())
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
