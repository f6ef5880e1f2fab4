"""How a view's filter is kept and spelled: nothing is added, left out or changed on the way."""

import json
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.customers.filter import parse_filter
from domain.entitlements.invoices import InvoiceState
from domain.partner.views import filter_length, filter_to_api, filter_to_document
from domain.time.instants import format_instant, truncate_to_milliseconds
from domain.types import CustomerStatus, ManagedBy, Product, SubscriptionType

SPELLING = {
    "search": "search",
    "managed_by": "managedBy",
    "product": "product",
    "status": "status",
    "subscription_type": "subscriptionType",
    "tag": "tag",
    "administrator": "administrator",
    "country": "country",
    "expires_within_days": "expiresWithinDays",
    "renews_within_days": "renewsWithinDays",
    "has_tags": "hasTags",
    "has_assignments": "hasAssignments",
    "invoice_state": "invoiceState",
    "created_at": "createdAt",
    "last_administrator_sign_in_at": "lastAdministratorSignInAt",
    "since": "since",
    "until": "until",
    "all_of": "allOf",
    "any_of": "anyOf",
    "not_": "not",
}
INSTANTS = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(truncate_to_milliseconds)
RANGES = st.fixed_dictionaries({}, optional={"since": INSTANTS, "until": INSTANTS})
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "search": st.text(max_size=20),
    "managed_by": st.lists(st.sampled_from(ManagedBy)),
    "product": st.lists(st.sampled_from(Product)),
    "status": st.lists(st.sampled_from(CustomerStatus)),
    "subscription_type": st.lists(st.sampled_from(SubscriptionType)),
    "tag": st.lists(st.text(max_size=5), max_size=3),
    "administrator": st.lists(st.text(max_size=5), max_size=3),
    "country": st.lists(st.text(max_size=2), max_size=3),
    "expires_within_days": st.integers(1, 365),
    "renews_within_days": st.integers(1, 365),
    "has_tags": st.booleans(),
    "has_assignments": st.booleans(),
    "invoice_state": st.lists(st.sampled_from(InvoiceState)),
    "created_at": RANGES,
    "last_administrator_sign_in_at": RANGES,
}
PLAIN = st.fixed_dictionaries({}, optional={name: st.none() | value for name, value in VALUES.items()})
FILTERS = st.recursive(
    PLAIN,
    lambda inner: st.fixed_dictionaries(
        {}, optional={"all_of": st.lists(inner, max_size=2), "any_of": st.lists(inner, max_size=2), "not_": inner}
    ),
    max_leaves=8,
)


def by_hand(value: Any) -> Any:
    """The API's spelling by a table of its own."""
    if isinstance(value, dict):
        return {SPELLING[name]: by_hand(one) for name, one in value.items()}
    if isinstance(value, datetime):
        return format_instant(value)
    return [by_hand(one) for one in value] if isinstance(value, list) else value


@given(FILTERS)
def test_a_filter_is_spelled_as_it_was_given(given_filter: dict[str, Any]) -> None:
    kept = filter_to_document(given_filter)
    spelled = filter_to_api(kept)
    # Through JSON, as a client gets it: enums are plain names by then.
    assert json.loads(json.dumps(spelled)) == json.loads(json.dumps(by_hand(given_filter)))
    assert all(type(value) in (str, int, bool, list, dict, type(None)) for value in (kept or {}).values())
    assert filter_length(kept) >= 2


@given(PLAIN)
def test_what_is_kept_means_the_same(given_filter: dict[str, Any]) -> None:
    assert parse_filter(filter_to_document(given_filter)) == parse_filter(given_filter)


def test_no_filter_stays_none() -> None:
    assert filter_to_document(None) is filter_to_api(None) is None
