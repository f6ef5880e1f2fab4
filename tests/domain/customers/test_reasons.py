"""Why a status holds: the code with its arguments, and the sentence in every language."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.reason_sentences import reason_message
from domain.customers.reasons import (
    StatusReason,
    StatusReasonCode,
    find_reason,
    reason_from_document,
    reason_to_document,
    sort_by_end,
)
from domain.customers.statuses import CustomerFacts, Thresholds, statuses_at
from domain.entitlements.lifecycle import Entitlement, LicenseFigures
from domain.languages.languages import Language
from domain.languages.rendering import render_message
from domain.types import CustomerStatus, Product, SubscriptionType
from tests.domain.entitlements.factory_entitlements import (
    DAY,
    NOON,
    customer,
    customers,
    entitlement,
    instants,
    thresholds,
    trial,
)

S, C = CustomerStatus, StatusReasonCode
EXCEEDED = entitlement(licenses=[LicenseFigures(Product.CALLING, 10, 11, 0), LicenseFigures(Product.MEETINGS, 1, 9, 0)])


def sentence(reason: StatusReason, language: Language = Language.ENGLISH) -> str:
    return render_message(reason_message(reason), language)


@pytest.mark.parametrize(
    ("status", "held", "code", "english", "serbian"),
    [
        (
            S.EXPIRING_SOON,
            entitlement(first_ends_at=NOON + 12 * DAY),
            C.EXPIRES,
            "Subscription SUB-1 ends on 2026-12-04",
            "Pretplata SUB-1 ističe 4. 12. 2026.",
        ),
        (
            S.SUSPENDED,
            entitlement(suspended=True),
            C.SUSPENDED,
            "Subscription SUB-1 is suspended",
            "Pretplata SUB-1 je obustavljena",
        ),
        (
            S.SUSPENDED,
            entitlement(suspended=True, overdue_invoice="INV-7"),
            C.SUSPENDED,
            "Subscription SUB-1 is suspended: invoice INV-7 is overdue",
            "Pretplata SUB-1 je obustavljena: računu INV-7 je istekao rok za plaćanje",
        ),
        (
            S.EXPIRED,
            entitlement(first_ends_at=NOON - 9 * DAY, cancelled_at=NOON - DAY),
            C.EXPIRED,
            "Subscription SUB-1 ended on 2026-11-13",
            "Pretplata SUB-1 je istekla 13. 11. 2026.",
        ),
        (
            S.READY_FOR_ORDER_SETUP,
            entitlement(set_up=False),
            C.READY_FOR_SETUP,
            "Subscription SUB-1 is ready to be set up",
            "Pretplata SUB-1 je spremna za podešavanje",
        ),
        (
            S.TRIAL,
            trial(first_ends_at=NOON + DAY),
            C.EXPIRES,
            "Trial TRI-1 ends on 2026-11-23",
            "Probni period TRI-1 ističe 23. 11. 2026.",
        ),
        (
            S.SUBSCRIPTION,
            entitlement(auto_renew=True),
            C.RENEWS,
            "Subscription SUB-1 renews on 2027-11-22",
            "Pretplata SUB-1 se obnavlja 22. 11. 2027.",
        ),
        (
            S.EXPIRED,
            trial(first_ends_at=NOON - DAY),
            C.EXPIRED,
            "Trial TRI-1 ended on 2026-11-21",
            "Probni period TRI-1 je istekao 21. 11. 2026.",
        ),
        (
            S.EXPIRED,
            entitlement(cancelled_at=NOON - DAY),
            C.CANCELLED,
            "Subscription SUB-1 was cancelled on 2026-11-21",
            "Pretplata SUB-1 je otkazana 21. 11. 2026.",
        ),
        (
            S.LICENSE_OVERAGE,
            EXCEEDED,
            C.LICENSES_EXCEEDED,
            "Subscription SUB-1 has 9 Meetings licenses assigned and 1 ordered",
            "Pretplata SUB-1 ima 9 dodeljenih licenci za Meetings, a naručeno ih je 1",
        ),
    ],
)
def test_each_status_has_its_reason(
    status: CustomerStatus, held: Entitlement, code: StatusReasonCode, english: str, serbian: str
) -> None:
    reason = find_reason(status, [held], customer(held), NOON)
    assert (reason.code, reason.number, reason.others) == (code, held.number, 0)
    assert (sentence(reason), sentence(reason, Language.SERBIAN)) == (english, serbian)


def test_inactivity_names_the_last_sign_in_or_the_creation() -> None:
    signed_in = find_reason(S.NO_RECENT_ACTIVITY, [], customer(last_sign_in_at=NOON - 70 * DAY), NOON)
    assert signed_in == StatusReason(C.NO_SIGN_IN_SINCE, on=date(2026, 9, 13))
    assert sentence(signed_in) == "No administrator has signed in since 2026-09-13"
    never = find_reason(S.NO_RECENT_ACTIVITY, [], customer(last_sign_in_at=None), NOON)
    assert sentence(never) == "No administrator has signed in since the customer was added on 2026-05-06"
    expected = "Nijedan administrator se nije prijavio otkako je kupac dodat 6. 5. 2026."
    assert sentence(never, Language.SERBIAN) == expected


def test_the_soonest_end_comes_first_and_the_others_are_counted() -> None:
    held = [
        entitlement(number="B", first_ends_at=NOON + 2 * DAY),
        entitlement(number="A", first_ends_at=NOON + 2 * DAY),
        entitlement(number="C", first_ends_at=NOON + DAY + timedelta(hours=1)),
    ]
    basis = sort_by_end(held, NOON)
    assert [each.number for each in basis] == ["C", "A", "B"]
    reason = find_reason(S.EXPIRING_SOON, basis, customer(*held), NOON)
    assert sentence(reason) == "Subscription C ends on 2026-11-23, and 2 more"
    assert sentence(reason, Language.SERBIAN) == "Pretplata C ističe 23. 11. 2026. (i još 2)"


@pytest.mark.parametrize(
    ("assigned", "serbian"),
    [
        (1, "1 dodeljenu licencu"),
        (2, "2 dodeljene licence"),
        (5, "5 dodeljenih licenci"),
        (11, "11 dodeljenih licenci"),
        (21, "21 dodeljenu licencu"),
        (112, "112 dodeljenih licenci"),
        (1_022, "1.022 dodeljene licence"),
    ],
)
def test_serbian_has_three_forms_of_a_number(assigned: int, serbian: str) -> None:
    line = {"product": Product.CALLING, "assigned": assigned, "ordered": 0, "others": 0}
    reason = StatusReason(C.LICENSES_EXCEEDED, SubscriptionType.TRIAL, "T-1", **line)  # type: ignore[arg-type]
    expected = f"Probni period T-1 ima {serbian} za Calling, a naručeno ih je 0"
    assert sentence(reason, Language.SERBIAN) == expected


@given(customers(), thresholds, instants, st.sampled_from(Language))
def test_every_reason_has_a_sentence_and_survives_its_storage(
    facts: CustomerFacts, limits: Thresholds, now: datetime, language: Language
) -> None:
    for status, basis in statuses_at(facts, limits, now).items():
        reason = find_reason(status, sort_by_end(basis, now), facts, now)
        assert reason_from_document(reason_to_document(reason)) == reason
        rendered = sentence(reason, language)
        assert "{" not in rendered and (reason.number or "") in rendered
