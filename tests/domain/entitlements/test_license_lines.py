"""The stored licence lines of a customer, built from its entitlements."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.entitlements.license_lines import NO_RATE, build_license_lines
from tests.domain.entitlements.factory_entitlements import DAY, NOON

CUSTOMER = {"_id": "cus_1", "name_folded": "acme"}


def figures(product: str = "CALLING", total: int = 10, assigned: int = 4, used: int = 3) -> dict[str, Any]:
    return {"product": product, "total": total, "assigned": assigned, "used": used}


def subscription(*licenses: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A stored, running subscription without auto-renewal."""
    document: dict[str, Any] = {
        "_id": "sub_1",
        "number": "SUB-1",
        "kind": "SUBSCRIPTION",
        "added_at": NOON - 100 * DAY,
        "starts_at": NOON - 100 * DAY,
        "first_ends_at": NOON + 100 * DAY,
        "ends_at": NOON + 100 * DAY,
        "renewals": 0,
        "term_months": 12,
        "auto_renew": False,
        "set_up": True,
        "suspended": False,
        "suspended_at": None,
        "cancelled_at": None,
        "overdue_invoice": None,
        "licenses": list(licenses),
    }
    return {**document, **fields}


def build_line(licenses: dict[str, Any], **fields: Any) -> dict[str, Any]:
    (line,) = build_license_lines(CUSTOMER, [subscription(licenses, **fields)], NOON).values()
    return line


def test_a_line_has_the_fields_of_its_customer_entitlement_and_figures() -> None:
    lines = build_license_lines(CUSTOMER, [subscription(figures())], NOON)
    assert lines == {
        "sub_1:CALLING": {
            "customer_id": "cus_1",
            "name_folded": "acme",
            "entitlement_id": "sub_1",
            "number": "SUB-1",
            "kind": "SUBSCRIPTION",
            "added_at": NOON - 100 * DAY,
            "ends_at": NOON + 100 * DAY,
            "auto_renew": False,
            "renews": False,
            "term_months": 12,
            "invoice_amount": None,
            "invoice_currency": None,
            "cancelled_at": None,
            "is_running": True,
            "product": "CALLING",
            "is_first": True,
            "single_lines": [{"id": "sub_1:CALLING", "assigned": 4}],
            "total": 10,
            "assigned": 4,
            "used": 3,
            "rate": 0.4,
            "used_rate": 0.3,
            "rate_sort": 0.4,
            "used_rate_sort": 0.3,
            "overage": 0,
            "peer_rate": 0.4,
        }
    }


def test_a_line_is_the_sum_over_the_lines_of_its_product_and_its_overage_that_of_single_lines() -> None:
    professional, workspace = figures(total=5, assigned=8, used=1), figures(total=20, assigned=10, used=2)
    document = subscription({**professional, "name": "Professional"}, {**workspace, "name": "Workspace"})
    (line,) = build_license_lines(CUSTOMER, [document], NOON).values()
    assert (line["total"], line["assigned"], line["used"], line["overage"]) == (25, 18, 3, 3)
    assert line["rate"] == line["peer_rate"] == 18 / 25
    single_lines = [("sub_1:CALLING:Professional", 8), ("sub_1:CALLING:Workspace", 10)]
    assert [(one["id"], one["assigned"]) for one in line["single_lines"]] == single_lines


def test_each_product_of_each_entitlement_has_a_line_and_one_line_is_the_first() -> None:
    documents = [
        subscription(figures("CALLING"), figures("MESSAGING", total=9), figures("MEETINGS")),
        subscription(_id="sub_2"),
        subscription(figures("MESSAGING"), _id="tri_1", kind="TRIAL"),
    ]
    lines = build_license_lines(CUSTOMER, documents, NOON)
    assert list(lines) == ["sub_1:MEETINGS", "sub_1:CALLING", "sub_1:MESSAGING", "sub_2:", "tri_1:MESSAGING"]
    assert [line["is_first"] for line in lines.values()] == [True, False, False, True, True]
    assert (lines["sub_2:"]["product"], lines["sub_2:"]["total"], lines["sub_2:"]["rate"]) == (None, 0, None)
    # Only the analytics products have peer groups.
    assert [line["peer_rate"] for line in lines.values()] == [0.4, 0.4, None, None, None]


def test_a_line_has_the_newest_invoice_and_the_term_of_its_subscription() -> None:
    line = build_line(figures(), term_months=1, invoice_amount="12.50", invoice_currency="EUR")
    assert (line["term_months"], line["invoice_amount"], line["invoice_currency"]) == (1, "12.50", "EUR")
    assert build_line(figures(), term_months=None)["term_months"] == 12


@pytest.mark.parametrize(
    ("total", "fields", "peer_rate"),
    [
        (5, {}, 0.4),
        (4, {}, None),
        (5, {"suspended": True}, 0.4),
        (5, {"set_up": False}, None),
        (5, {"starts_at": NOON + DAY}, None),
        (5, {"ends_at": NOON}, None),
        (5, {"cancelled_at": NOON}, None),
        (5, {"added_at": NOON}, 0.4),
    ],
)
def test_only_running_lines_of_five_licences_have_a_peer_rate(
    total: int, fields: dict[str, Any], peer_rate: float | None
) -> None:
    assert build_line(figures(total=total, assigned=2, used=1), **fields)["peer_rate"] == peer_rate


def test_a_line_without_licences_sorts_after_every_rate() -> None:
    line = build_line(figures(total=0, assigned=3, used=2))
    assert (line["rate"], line["used_rate"], line["overage"]) == (None, None, 3)
    assert line["rate_sort"] == line["used_rate_sort"] == NO_RATE > 1_000_000


def test_a_trial_never_renews() -> None:
    assert build_line(figures(), auto_renew=True)["auto_renew"]
    assert not build_line(figures(), auto_renew=True, kind="TRIAL")["auto_renew"]


def test_a_subscription_that_is_cancelled_for_a_later_day_does_not_renew() -> None:
    assert build_line(figures(), auto_renew=True)["renews"]
    line = build_line(figures(), auto_renew=True, cancelled_at=NOON + DAY)
    assert (line["auto_renew"], line["renews"], line["ends_at"]) == (True, False, NOON + DAY)


@given(st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_overage_and_sort_keys_follow_from_the_figures(total: int, assigned: int) -> None:
    line = build_line(figures(total=total, assigned=assigned, used=0))
    assert line["overage"] == max(0, assigned - total)
    assert (line["rate"] is None) == (total == 0)
    assert line["rate_sort"] == (NO_RATE if line["rate"] is None else line["rate"])
    assert (line["peer_rate"] is not None) == (total >= 5)
