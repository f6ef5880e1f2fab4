"""What an auto-renewing subscription becomes at a moment: end, count, orders, event."""

from datetime import datetime
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from domain.types import ActivityKind
from store.changes.renewals import MAX_RENEWAL_ORDERS, compute_renewal
from store.database.client import Document
from tests.store.changes.factory_changes import DAY, NOW, entitlement

FIRST_END = datetime(2026, 1, 15)


def monthly(**facts: Any) -> Document:
    return entitlement(**{"auto_renew": True, "term_months": 1, "ends_at": FIRST_END, **facts})


def end_of(renewals: int) -> datetime:
    return FIRST_END + relativedelta(months=renewals)


def test_nothing_changes_before_the_end() -> None:
    assert compute_renewal(monthly(), FIRST_END - DAY) is None


def test_nothing_changes_for_an_end_that_was_reached_already() -> None:
    assert compute_renewal(monthly(renewals=2, ends_at=end_of(2), first_ends_at=FIRST_END), NOW) is None


def test_every_missed_term_has_an_order_and_all_have_one_event() -> None:
    renewal = compute_renewal(monthly(), NOW)
    assert renewal is not None
    assert (renewal.renewals, renewal.ends_at, renewal.replaces_orders) == (2, end_of(2), False)
    assert [(order["number"], order["placed_at"]) for order in renewal.orders] == [
        ("S-1-R1", FIRST_END),
        ("S-1-R2", end_of(1)),
    ]
    assert renewal.draft is not None
    assert (renewal.draft.kind, renewal.draft.at) == (ActivityKind.SUBSCRIPTION_RENEWED, end_of(1))
    assert renewal.draft.changes == {"ends_at": [end_of(1), end_of(2)]}


def test_only_new_terms_have_orders() -> None:
    renewal = compute_renewal(monthly(renewals=1, ends_at=end_of(1), first_ends_at=FIRST_END), NOW)
    assert renewal is not None and [order["number"] for order in renewal.orders] == ["S-1-R2"]


def test_a_term_whose_renewal_was_delivered_has_no_order() -> None:
    delivered = [{"number": "O-1", "placed_at": FIRST_END - DAY}]
    renewal = compute_renewal(monthly(renewal_orders=delivered), NOW)
    assert renewal is not None and renewal.renewals == 2
    assert [order["number"] for order in renewal.orders] == ["S-1-R2"]


def test_fewer_terms_than_stored_replace_the_orders() -> None:
    renewal = compute_renewal(monthly(renewals=5, ends_at=end_of(5), first_ends_at=FIRST_END), NOW)
    assert renewal is not None
    assert (renewal.renewals, renewal.replaces_orders, len(renewal.orders)) == (2, True, 2)


def test_no_term_at_all_after_a_longer_count_has_no_event() -> None:
    renewal = compute_renewal(monthly(renewals=5, first_ends_at=FIRST_END), FIRST_END - DAY)
    assert renewal is not None
    assert (renewal.renewals, renewal.draft, renewal.orders, renewal.replaces_orders) == (0, None, [], True)


@pytest.mark.parametrize(("ends_at", "changes"), [(FIRST_END, False), (end_of(3), True)])
def test_without_auto_renewal_the_end_is_the_first_one(ends_at: datetime, changes: bool) -> None:
    document = monthly(auto_renew=False, first_ends_at=FIRST_END, ends_at=ends_at, renewals=3)
    renewal = compute_renewal(document, NOW)
    assert (renewal is not None) is changes
    if renewal is not None:
        assert (renewal.ends_at, renewal.renewals, renewal.draft) == (FIRST_END, 0, None)


def test_an_end_a_century_ago_adds_the_latest_orders_only() -> None:
    first_end = datetime(1926, 1, 15)
    renewal = compute_renewal(monthly(ends_at=first_end, starts_at=first_end - DAY), NOW)
    assert renewal is not None and len(renewal.orders) == MAX_RENEWAL_ORDERS
    assert renewal.orders[-1]["number"] == f"S-1-R{renewal.renewals}"


@given(days=st.integers(0, 2000), stored=st.integers(0, 80))
def test_applied_once_it_is_stable(days: int, stored: int) -> None:
    document = monthly(renewals=stored, first_ends_at=FIRST_END, ends_at=end_of(stored))
    now = FIRST_END + days * DAY
    renewal = compute_renewal(document, now)
    if renewal is not None:
        document.update(ends_at=renewal.ends_at, renewals=renewal.renewals)
    assert document["ends_at"] > now
    assert compute_renewal(document, now) is None
