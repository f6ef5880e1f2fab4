"""Why a status holds, as a person reads it."""

from datetime import timedelta

import pytest

from domain.customers.reasons import explain_status, sort_by_end
from domain.entitlements.lifecycle import Entitlement, LicenseFigures
from domain.types import CustomerStatus, Product
from tests.domain.entitlements.factory_entitlements import DAY, NOON, customer, entitlement, trial

S = CustomerStatus


@pytest.mark.parametrize(
    ("status", "held", "sentence"),
    [
        (S.EXPIRING_SOON, entitlement(first_ends_at=NOON + 12 * DAY), "Subscription SUB-1 ends on 2026-12-04"),
        (S.SUSPENDED, entitlement(suspended=True), "Subscription SUB-1 is suspended"),
        (S.READY_FOR_ORDER_SETUP, entitlement(set_up=False), "Subscription SUB-1 is ready to be set up"),
        (S.TRIAL, trial(first_ends_at=NOON + DAY), "Trial TRI-1 ends on 2026-11-23"),
        (S.SUBSCRIPTION, entitlement(auto_renew=True), "Subscription SUB-1 renews on 2027-11-22"),
        (S.EXPIRED, trial(first_ends_at=NOON - DAY), "Trial TRI-1 ended on 2026-11-21"),
        (S.EXPIRED, entitlement(cancelled_at=NOON - DAY), "Subscription SUB-1 was cancelled on 2026-11-21"),
        (
            S.LICENSE_OVERAGE,
            entitlement(
                licenses=[LicenseFigures(Product.CALLING, 10, 11, 0), LicenseFigures(Product.MEETINGS, 1, 9, 0)]
            ),
            "Subscription SUB-1 has 9 Meetings licenses assigned and 1 ordered",
        ),
    ],
)
def test_each_status_has_its_sentence(status: CustomerStatus, held: Entitlement, sentence: str) -> None:
    assert explain_status(status, [held], customer(held), NOON) == sentence


def test_silence_names_the_last_sign_in_or_the_creation() -> None:
    facts = customer(last_sign_in_at=NOON - 70 * DAY)
    assert explain_status(S.NO_RECENT_ACTIVITY, [], facts, NOON) == "No administrator has signed in since 2026-09-13"
    facts = customer(last_sign_in_at=None)
    expected = "No administrator has signed in since the customer was added on 2026-05-06"
    assert explain_status(S.NO_RECENT_ACTIVITY, [], facts, NOON) == expected


def test_the_soonest_end_comes_first_and_the_others_are_counted() -> None:
    held = [
        entitlement(number="B", first_ends_at=NOON + 2 * DAY),
        entitlement(number="A", first_ends_at=NOON + 2 * DAY),
        entitlement(number="C", first_ends_at=NOON + DAY + timedelta(hours=1)),
    ]
    basis = sort_by_end(held, NOON)
    assert [one.number for one in basis] == ["C", "A", "B"]
    assert (
        explain_status(S.EXPIRING_SOON, basis, customer(*held), NOON) == "Subscription C ends on 2026-11-23, and 2 more"
    )
