"""The projection of a customer: the stored fields that follow from its facts."""

from datetime import datetime
from typing import Any

from hypothesis import given

from domain.customers.projection import NO_STATUS_RANK, project_fields
from domain.customers.statuses import CustomerFacts, Thresholds, statuses_at
from domain.customers.transitions import next_transition_at
from domain.entitlements.lifecycle import LicenseFigures
from domain.time.instants import MAX_INSTANT
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


def project(facts: CustomerFacts, now: datetime = NOON, limits: Thresholds | None = None) -> dict[str, Any]:
    """Return the projection; every status was entered at `now`."""
    limits = limits or Thresholds()
    basis = statuses_at(facts, limits, now)
    return project_fields(facts, basis, dict.fromkeys(basis, now), limits, now)


def test_a_customer_without_entitlements_has_empty_fields_that_sort_last() -> None:
    fields = project(customer(last_sign_in_at=None))
    assert fields == {
        "statuses": [],
        "status_details": [],
        "urgency": None,
        "urgency_sort": NO_STATUS_RANK,
        "sign_in_sort": MAX_INSTANT,
        "evaluated_at": NOON,
        "next_evaluation_at": None,
        "products": [],
        "running_products": [],
        "holdings": {},
        "subscription_types": [],
        "next_expiry_at": None,
        "next_expiry_sort": MAX_INSTANT,
        "expiring_ends": [],
        "renewing_ends": [],
        "invoice_states": [],
        "living_numbers": [],
        "next_renewal_at": None,
    }


def test_statuses_have_their_reason_and_the_entitlements_they_rest_on() -> None:
    late = entitlement(id="sub_2", number="SUB-2", first_ends_at=NOON + 6 * DAY)
    soon = entitlement(id="sub_1", number="SUB-1", first_ends_at=NOON + 3 * DAY)
    fields = project(customer(late, soon))
    assert fields["statuses"] == ["EXPIRING_SOON", "SUBSCRIPTION"]
    assert fields["urgency"] == fields["urgency_sort"] == URGENCY.index(S.EXPIRING_SOON)
    assert fields["status_details"][0] == {
        "status": "EXPIRING_SOON",
        "since": NOON - 4 * DAY,
        "entered_at": NOON,
        "reason": {
            "code": "EXPIRES",
            "type": "SUBSCRIPTION",
            "number": "SUB-1",
            "on": datetime(2026, 11, 25),
            "others": 1,
        },
        "entitlement_ids": ["sub_1", "sub_2"],
    }


def test_products_are_of_living_and_of_running_entitlements() -> None:
    def licensed(product: Product) -> list[LicenseFigures]:
        return [LicenseFigures(product, 10, 5, 3)]

    facts = customer(
        entitlement(licenses=licensed(Product.MESSAGING)),
        entitlement(set_up=False, licenses=licensed(Product.CALLING)),
        trial(starts_at=NOON + DAY, licenses=licensed(Product.MEETINGS)),
        entitlement(first_ends_at=NOON, licenses=licensed(Product.REAL_TIME_TRANSLATIONS)),
    )
    fields = project(facts)
    assert fields["products"] == ["MEETINGS", "CALLING", "MESSAGING"]
    assert fields["running_products"] == ["MESSAGING"]
    assert fields["subscription_types"] == ["SUBSCRIPTION", "TRIAL"]


def test_only_ends_that_do_not_renew_are_expiring() -> None:
    renewing = entitlement(auto_renew=True, first_ends_at=NOON + DAY)
    facts = customer(renewing, entitlement(first_ends_at=NOON + 2 * DAY), trial(first_ends_at=NOON + 3 * DAY))
    fields = project(facts)
    assert fields["next_expiry_at"] == fields["next_expiry_sort"] == NOON + DAY
    assert fields["expiring_ends"] == [NOON + 2 * DAY, NOON + 3 * DAY]
    assert fields["renewing_ends"] == [NOON + DAY]
    assert fields["next_renewal_at"] == NOON + DAY


def test_the_numbers_of_living_entitlements_are_searched_the_newest_first() -> None:
    ended = entitlement(number="S-1", first_ends_at=NOON)
    waiting = entitlement(number="S-2", set_up=False, added_at=NOON - 3 * DAY)
    newer = trial(number="T-3", added_at=NOON - DAY)
    assert project(customer(ended, waiting, newer))["living_numbers"] == ["T-3", "S-2"]


def test_invoice_states_are_of_living_entitlements() -> None:
    waiting = entitlement(set_up=False, invoice_state="OPEN")
    ended = entitlement(first_ends_at=NOON, invoice_state="OVERDUE")
    assert project(customer(waiting, ended, entitlement(), trial()))["invoice_states"] == ["OPEN"]


def test_a_line_that_becomes_old_enough_for_its_peer_group_is_a_reason_to_evaluate() -> None:
    young = entitlement(added_at=NOON - 10 * DAY, licenses=[LicenseFigures(Product.CALLING, 10, 1, 0)])
    assert project(customer(young))["next_evaluation_at"] == NOON + 20 * DAY
    small = entitlement(added_at=NOON - 10 * DAY, licenses=[LicenseFigures(Product.CALLING, 4, 1, 0)])
    assert project(customer(small))["next_evaluation_at"] == NOON + 60 * DAY


@given(customers(), thresholds, instants)
def test_nothing_but_the_evaluation_time_changes_before_the_next_evaluation(
    facts: CustomerFacts, limits: Thresholds, now: datetime
) -> None:
    fields = project(facts, now, limits)
    next_at = fields["next_evaluation_at"]
    later = now + 60 * DAY if next_at is None else next_at - MS
    names = ("statuses", "products", "running_products", "subscription_types", "urgency_sort")
    later_fields = project(facts, later, limits)
    assert {name: fields[name] for name in names} == {name: later_fields[name] for name in names}


@given(customers(), thresholds, instants)
def test_sort_fields_replace_null_only(facts: CustomerFacts, limits: Thresholds, now: datetime) -> None:
    fields = project(facts, now, limits)
    assert fields["urgency_sort"] == (NO_STATUS_RANK if fields["urgency"] is None else fields["urgency"])
    assert fields["next_expiry_sort"] == (fields["next_expiry_at"] or MAX_INSTANT)
    transition = next_transition_at(facts, limits, now)
    assert transition is None or (
        fields["next_evaluation_at"] is not None and fields["next_evaluation_at"] <= transition
    )


@given(customers(), thresholds, instants)
def test_a_removed_customer_holds_nothing(facts: CustomerFacts, limits: Thresholds, now: datetime) -> None:
    removed = CustomerFacts(facts.created_at, facts.last_sign_in_at, now, facts.entitlements)
    fields = project(removed, now, limits)
    assert (fields["statuses"], fields["products"], fields["holdings"], fields["next_evaluation_at"]) == (
        [],
        [],
        {},
        None,
    )
