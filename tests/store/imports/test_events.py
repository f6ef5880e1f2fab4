"""The events of delivered records: one per customer and entitlement, however many records a batch has."""

from typing import Any

import pytest

from domain.types import ActivityKind
from store.changes.customer_change import CustomerChange
from store.database.client import Document
from store.events.log import EventDraft
from store.imports.events import DeliveryEvents, list_field_names
from tests.store.changes.factory_changes import NOW, entitlement, partner, stored_customer

LINE = {"product": "MEETINGS", "total": 10, "assigned": 5, "used": 3, "day": None}


def loaded(**facts: Any) -> CustomerChange:
    customer, held = stored_customer(entitlement("S-1", **facts), entitlement("T-1", kind="TRIAL"))
    return CustomerChange(customer, held, partner())


def drafts(change: CustomerChange, events: DeliveryEvents, *, removed: bool = False) -> list[EventDraft]:
    events.add_drafts(removed)
    return change.drafts


def test_nothing_reported_is_no_event() -> None:
    change = loaded()
    assert drafts(change, DeliveryEvents(change)) == []


def test_changes_of_a_customer_are_one_event() -> None:
    change = loaded()
    events = DeliveryEvents(change)
    events.report_changes({"name": "A", "domain": None}, {"name": "B"})
    events.report_changes({"name": "B", "domain": None}, {"name": "C", "domain": "c.example"})
    (draft,) = drafts(change, events)
    assert (draft.kind, draft.changes) == (
        ActivityKind.CUSTOMER_CHANGED,
        {"name": ["A", "C"], "domain": [None, "c.example"]},
    )
    assert draft.summary == "Zenith changed: name, domain"


def test_a_field_that_has_its_first_value_again_is_left_out() -> None:
    change = loaded()
    events = DeliveryEvents(change)
    events.report_changes({"name": "A"}, {"name": "B"})
    events.report_changes({"name": "B"}, {"name": "A"})
    assert drafts(change, events) == []


def test_a_new_customer_lists_no_changes() -> None:
    change = loaded()
    events = DeliveryEvents(change)
    events.report_added()
    events.report_changes({"name": "A"}, {"name": "B"})
    (draft,) = drafts(change, events)
    assert (draft.kind, draft.changes, draft.summary) == (ActivityKind.CUSTOMER_ADDED, {}, "Zenith was added")


@pytest.mark.parametrize(
    ("fields", "removed", "kind"),
    [
        ({"removed_at": NOW}, True, ActivityKind.CUSTOMER_REMOVED),
        ({"removed_at": NOW}, False, ActivityKind.CUSTOMER_CHANGED),
        ({"name": "B"}, True, ActivityKind.CUSTOMER_CHANGED),
    ],
)
def test_a_removal_is_named_where_it_was_delivered_and_has_taken_effect(
    fields: Document, removed: bool, kind: ActivityKind
) -> None:
    change = loaded()
    events = DeliveryEvents(change)
    events.report_changes({"removed_at": None, "name": "A"}, fields)
    (draft,) = drafts(change, events, removed=removed)
    assert draft.kind is kind


@pytest.mark.parametrize(
    ("number", "fields", "kind", "summary"),
    [
        (
            "S-1",
            {"suspended": True},
            ActivityKind.SUBSCRIPTION_CHANGED,
            "Subscription S-1 of Zenith changed: suspended",
        ),
        ("S-1", {"cancelled_at": NOW}, ActivityKind.SUBSCRIPTION_CANCELLED, "Subscription S-1 of Zenith changed"),
        ("S-1", {"licenses": [{**LINE, "used": 4}]}, ActivityKind.LICENSES_CHANGED, "Subscription S-1 of Zenith"),
        ("T-1", {"licenses": [{**LINE, "used": 4}]}, ActivityKind.LICENSES_CHANGED, "Trial T-1 of Zenith changed"),
        ("T-1", {"suspended": True}, ActivityKind.TRIAL_CHANGED, "Trial T-1 of Zenith changed: suspended"),
        (
            "S-1",
            {"licenses": [{**LINE, "used": 4}], "set_up": False},
            ActivityKind.SUBSCRIPTION_CHANGED,
            "Subscription S-1 of Zenith changed: licenses, set up",
        ),
    ],
)
def test_names_what_changed_on_an_entitlement(number: str, fields: Document, kind: ActivityKind, summary: str) -> None:
    change = loaded()
    events = DeliveryEvents(change)
    events.report_changes(change.entitlements[number], fields, number)
    change.update_entitlement(number, fields)
    (draft,) = drafts(change, events)
    assert draft.kind is kind and draft.summary.startswith(summary)
    assert draft.subject_id == change.entitlements[number]["_id"]


def test_a_withdrawn_cancellation_is_a_change() -> None:
    change = loaded(cancelled_at=NOW)
    events = DeliveryEvents(change)
    events.report_changes(change.entitlements["S-1"], {"cancelled_at": None}, "S-1")
    change.update_entitlement("S-1", {"cancelled_at": None})
    (draft,) = drafts(change, events)
    assert draft.kind is ActivityKind.SUBSCRIPTION_CHANGED


@pytest.mark.parametrize(
    ("number", "kind", "summary"),
    [
        ("S-1", ActivityKind.SUBSCRIPTION_ADDED, "Subscription S-1 of Zenith was added"),
        ("T-1", ActivityKind.TRIAL_STARTED, "Trial T-1 of Zenith began"),
    ],
)
def test_names_a_new_entitlement(number: str, kind: ActivityKind, summary: str) -> None:
    change = loaded()
    events = DeliveryEvents(change)
    events.report_added(number)
    (draft,) = drafts(change, events)
    assert (draft.kind, draft.summary) == (kind, summary)


@pytest.mark.parametrize("name", ["first_ends_at", "renewals", "ended_early_at"])
def test_internal_fields_are_not_reported(name: str) -> None:
    change = loaded()
    events = DeliveryEvents(change)
    events.report_changes(change.entitlements["S-1"], {name: NOW}, "S-1")
    assert drafts(change, events) == []


def test_a_newer_day_of_the_same_figures_is_not_reported() -> None:
    change = loaded()
    events = DeliveryEvents(change)
    events.report_changes({"licenses": [LINE]}, {"licenses": [{**LINE, "day": NOW}]}, "S-1")
    assert drafts(change, events) == []


@pytest.mark.parametrize("short_lived", [False, True])
def test_events_of_daily_figures_expire_earlier(short_lived: bool) -> None:
    change = loaded()
    events = DeliveryEvents(change, short_lived=short_lived)
    events.report_changes(change.entitlements["S-1"], {"suspended": True}, "S-1")
    (draft,) = drafts(change, events)
    assert draft.short_lived is short_lived


def test_field_names_are_written_as_words() -> None:
    assert list_field_names(["name", "managed_by"]) == "name, managed by"
