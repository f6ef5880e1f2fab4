"""The events that follow from a change by itself."""

from typing import Any

import pytest

from store.changes.customer_events import draft_changes_by_time, draft_expired_assignment, draft_removal
from store.changes.customer_fields import build_event_facts, is_removed, key_fields, put_list_fields_first
from tests.store.changes.factory_changes import DAY, NOW, entitlement, stored_customer

BEFORE: dict[str, Any] = {
    "_id": "cus_1",
    "name": "Zenith",
    "products": ["MEETINGS"],
    "running_products": ["MEETINGS"],
    "subscription_types": ["TRIAL"],
    "status_details": [{"status": "TRIAL"}],
}


def test_no_visible_change_is_no_event() -> None:
    assert draft_changes_by_time(BEFORE, {**BEFORE, "evaluated_at": NOW}) is None


@pytest.mark.parametrize(
    ("fields", "summary", "changed"),
    [
        ({"products": ["CALLING"]}, "Zenith now holds Calling", ["products"]),
        ({"products": []}, "Zenith now holds nothing", ["products"]),
        ({"running_products": []}, "The entitlements of Zenith moved on with time", ["running_products"]),
        ({"status_details": []}, "The entitlements of Zenith moved on with time", []),
        (
            {"products": [], "subscription_types": [], "status_details": []},
            "Zenith now holds nothing",
            ["products", "subscription_types"],
        ),
    ],
)
def test_names_what_time_changed(fields: dict[str, Any], summary: str, changed: list[str]) -> None:
    draft = draft_changes_by_time(BEFORE, {**BEFORE, **fields})
    assert draft is not None
    assert (draft.summary, list(draft.changes), draft.subject_id) == (summary, changed, "cus_1")
    assert all(draft.changes[name] == [BEFORE[name], fields[name]] for name in changed)


def test_an_unknown_administrator_is_named_in_general() -> None:
    draft = draft_expired_assignment(BEFORE, {"administrator_id": "adm_1", "expires_at": NOW}, {})
    assert (draft.summary, draft.at) == ("The access of an administrator to Zenith expired", NOW)


def test_a_removal_has_the_moment_that_it_is_given() -> None:
    assert (draft_removal(BEFORE, NOW).at, draft_removal(BEFORE, None).at) == (NOW, None)


@pytest.mark.parametrize(("removed_at", "expected"), [(None, False), (NOW, True), (NOW + DAY, False)])
def test_a_removal_takes_effect_at_its_moment(removed_at: Any, expected: bool) -> None:
    assert is_removed({"removed_at": removed_at}, NOW) is expected


def test_the_facts_of_events_keep_only_ends_of_access_that_come() -> None:
    assignments = [
        {"administrator_id": "adm_1", "expires_at": NOW + DAY},
        {"administrator_id": "adm_2", "expires_at": None},
    ]
    customer, _ = stored_customer(entitlement(), assignments=assignments)
    facts = build_event_facts(customer)
    assert facts is not None and facts["access_until"] == {"adm_1": NOW + DAY}
    assert {"*", "status:SUBSCRIPTION", "administrator:adm_2"} <= set(facts["keys"])
    assert build_event_facts({**customer, "keys": []}) is None


def test_list_fields_come_first_and_none_is_lost() -> None:
    customer, _ = stored_customer(entitlement())
    ordered = put_list_fields_first(customer)
    assert list(ordered)[:4] == ["_id", "partner_id", "order_keys", "keys"]
    assert ordered == customer


def test_a_removed_customer_has_no_keys() -> None:
    assert key_fields([]) == {"keys": [], "order_keys": []}
