"""CustomerChange without a database: load, catch up, change, finish, events."""

from datetime import datetime
from typing import Any

import pytest

from domain.types import ActivityKind
from store.changes.customer_change import CustomerChange
from store.database.client import Document
from store.events.log import EventDraft
from store.feed.events import read_event_facts
from store.tenants.partners import PartnerDocument
from tests.store.changes.factory_changes import DAY, NOW, entitlement, new_customer, partner, stored_customer


def loaded(
    *entitlements: Document, at: datetime = NOW - DAY, settings: PartnerDocument | None = None, **facts: Any
) -> CustomerChange:
    """A change that has loaded a stored customer."""
    customer, held = stored_customer(*entitlements, at=at, **facts)
    return CustomerChange(dict(customer), held, settings or partner())


def kinds(change: CustomerChange) -> list[str]:
    return [event["kind"] for event in change.events(NOW, None)]


def since(change: CustomerChange) -> dict[str, datetime]:
    return {detail["status"]: detail["since"] for detail in change.customer["status_details"]}


# Load


def test_a_loaded_customer_has_nothing_to_write() -> None:
    change = loaded(entitlement())
    assert (change.is_new, change.has_changed, change.has_only_bookkeeping) == (False, False, False)
    assert change.changed_fields() == {} and change.entitlement_writes() == ([], [])


def test_a_new_customer_gets_an_id_and_empty_fields_with_its_first_facts() -> None:
    change = new_customer()
    assert change.is_new and change.has_changed and change.id.startswith("cus_")
    assert (change.customer["assignments"], change.customer["tag_ids"], change.customer["domain"]) == ([], [], None)


def test_further_facts_keep_the_id() -> None:
    change = new_customer()
    id_ = change.id
    change.update_customer({"name": "Other", "domain": "other.example"})
    assert (change.id, change.customer["domain"], change.customer["managed_by"]) == (
        id_,
        "other.example",
        "PARTNER_ORGANIZATION",
    )


# Catch up


def test_advancing_a_customer_that_is_not_due_changes_nothing() -> None:
    change = loaded(entitlement())
    change.advance_to(NOW)
    assert (change.has_changed, change.transitions) == (False, [])


def test_a_status_that_time_changed_has_the_moment_of_time() -> None:
    end = NOW - DAY
    change = loaded(entitlement(ends_at=end), at=NOW - 5 * DAY)
    change.advance_to(NOW)
    assert change.has_changed
    assert [(t.at, [*t.entered], [*t.left]) for t in change.transitions] == [
        (end, ["EXPIRED"], ["EXPIRING_SOON", "SUBSCRIPTION"])
    ]
    change.compute_projection(NOW)
    assert since(change) == {"EXPIRED": end}


def test_a_write_after_time_gets_the_moment_of_the_write() -> None:
    end = NOW - DAY
    change = loaded(entitlement(ends_at=end), entitlement("S-2"), at=NOW - 5 * DAY)
    change.advance_to(NOW)
    change.update_entitlement("S-2", {"suspended": True})
    change.compute_projection(NOW)
    assert since(change)["SUSPENDED"] == NOW
    assert [(t.at, "SUSPENDED" in t.entered) for t in change.transitions] == [(end, False), (NOW, True)]


def test_settings_take_effect_at_their_moment_although_it_was_missed() -> None:
    changed_at = NOW - 2 * DAY
    settings = partner((datetime(2020, 1, 1), 30), (changed_at, 60))
    change = loaded(entitlement(ends_at=NOW + 40 * DAY), at=NOW - 5 * DAY, settings=settings)
    change.advance_to(NOW)
    change.compute_projection(NOW)
    assert [(t.at, [*t.entered]) for t in change.transitions] == [(changed_at, ["EXPIRING_SOON"])]
    assert since(change)["EXPIRING_SOON"] == NOW - 20 * DAY
    assert change.customer["settings_epoch"] == 2


def test_each_former_setting_applies_to_its_own_period() -> None:
    wide, narrow = NOW - 3 * DAY, NOW - 2 * DAY
    settings = partner((datetime(2020, 1, 1), 30), (wide, 60), (narrow, 20))
    change = loaded(entitlement(ends_at=NOW + 40 * DAY), at=NOW - 5 * DAY, settings=settings)
    change.advance_to(NOW)
    assert [(t.at, [*t.entered], [*t.left]) for t in change.transitions] == [
        (wide, ["EXPIRING_SOON"], []),
        (narrow, [], ["EXPIRING_SOON"]),
    ]


def test_a_removal_that_was_delivered_for_later_has_its_moment() -> None:
    removed_at = NOW - DAY
    change = loaded(entitlement(), at=NOW - 5 * DAY, removed_at=removed_at)
    change.advance_to(NOW)
    change.compute_projection(NOW)
    (draft,) = [draft for draft in change.drafts if draft.kind is ActivityKind.CUSTOMER_REMOVED]
    assert draft.at == removed_at
    assert (change.customer["keys"], change.removal_change) == ([], True)


def test_a_removal_that_is_undone_after_its_moment_is_still_recorded() -> None:
    change = loaded(entitlement(), at=NOW - 5 * DAY, removed_at=NOW - DAY)
    change.advance_to(NOW)
    change.update_customer({"removed_at": None})
    change.compute_projection(NOW)
    assert "CUSTOMER_REMOVED" in kinds(change)
    assert (change.customer["keys"] != [], change.removal_change) == (True, None)


def test_only_expired_assignments_are_removed() -> None:
    gone = {"administrator_id": "adm_1", "expires_at": NOW - DAY}
    stays = {"administrator_id": "adm_2", "expires_at": NOW + DAY}
    forever = {"administrator_id": "adm_3", "expires_at": None}
    change = loaded(entitlement(), at=NOW - 5 * DAY, assignments=[gone, stays, forever])
    change.remove_expired_assignments(NOW, {"adm_1": "Ada"})
    assert change.customer["assignments"] == [stays, forever]
    (draft,) = change.drafts
    assert (draft.subject_id, draft.at) == ("adm_1", NOW - DAY)
    assert draft.summary == "The access of Ada to Zenith expired"


def test_assignments_that_are_not_due_stay_untouched() -> None:
    change = loaded(entitlement(), assignments=[{"administrator_id": "adm_1", "expires_at": NOW + DAY}])
    change.remove_expired_assignments(NOW, {})
    assert not change.has_changed and change.drafts == []


# Change


def test_bookkeeping_of_the_customer_changes_no_version_and_writes_no_event() -> None:
    change = loaded(entitlement())
    change.update_customer_bookkeeping({"delivered": {"name": "Zenith"}})
    assert (change.has_changed, change.has_only_bookkeeping) == (False, True)
    assert change.changed_fields() == {"delivered": {"name": "Zenith"}}


def test_bookkeeping_is_written_with_other_changes_where_there_are_any() -> None:
    change = loaded(entitlement())
    change.update_customer_bookkeeping({"delivered": {"name": "Zenith"}})
    change.update_customer({"domain": "zenith.example"})
    assert (change.has_changed, change.has_only_bookkeeping) == (True, False)


def test_bookkeeping_of_an_entitlement_is_separate_from_its_changes() -> None:
    change = loaded(entitlement("S-1"), entitlement("S-2"))
    change.update_entitlement_bookkeeping("S-1", {"delivered": {"number": "S-1"}})
    change.update_entitlement_bookkeeping("S-2", {"delivered": {"number": "S-2"}})
    change.update_entitlement("S-2", {"suspended": True})
    assert [document["number"] for document in change.bookkeeping_entitlements()] == ["S-1"]
    assert [document["number"] for document in change.entitlement_writes()[1]] == ["S-2"]


def test_an_entitlement_that_is_added_and_changed_is_only_inserted() -> None:
    change = loaded()
    change.add_entitlement(entitlement("S-2"))
    change.update_entitlement("S-2", {"suspended": True})
    new, changed = change.entitlement_writes()
    assert ([document["suspended"] for document in new], changed) == ([True], [])


def test_renewals_are_recorded_before_the_facts_change() -> None:
    first_end = datetime(2025, 1, 31)
    change = loaded()
    change.add_entitlement(entitlement(auto_renew=True, term_months=1, ends_at=first_end))
    change.record_renewals("S-1", NOW)
    change.update_entitlement("S-1", {"auto_renew": False})
    change.compute_projection(NOW)
    stored = change.entitlements["S-1"]
    assert (stored["renewals"], stored["ends_at"], stored["first_ends_at"]) == (14, datetime(2026, 3, 31), first_end)
    assert [term.renewal for term in change.renewed_terms] == [*range(1, 15)]


# Finish


def test_a_change_with_an_event_increments_the_version() -> None:
    change = loaded(entitlement())
    change.update_customer({"domain": "zenith.example"})
    change.add_event(EventDraft(ActivityKind.CUSTOMER_CHANGED, change.id, "Zenith changed: domain"))
    change.compute_projection(NOW)
    assert (change.customer["version"], change.customer["updated_at"]) == (2, NOW)
    assert {"domain", "version", "words", "keys"} <= change.changed_fields().keys()
    assert "name_folded" not in change.changed_fields()


def test_a_change_without_an_event_keeps_version_and_time() -> None:
    change = loaded(entitlement())
    change.update_customer({})
    change.compute_projection(NOW)
    assert (change.customer["version"], change.customer["updated_at"]) == (1, NOW - DAY)
    assert change.events(NOW, None) == []


def test_time_never_runs_backwards() -> None:
    change = loaded(entitlement(), at=NOW + DAY)
    change.update_customer({})
    change.compute_projection(NOW)
    assert change.customer["evaluated_at"] == NOW + DAY


def test_a_renewal_moves_the_end_and_adds_order_and_event() -> None:
    end = NOW - DAY
    change = loaded(entitlement(auto_renew=True, term_months=1, ends_at=end), at=NOW - 5 * DAY)
    change.advance_to(NOW)
    assert change.has_changed
    change.compute_projection(NOW)
    assert (change.entitlements["S-1"]["renewals"], [term.number for term in change.renewed_terms]) == (1, ["S-1-R1"])
    assert kinds(change) == ["SUBSCRIPTION_RENEWED"]
    assert change.customer["next_expiry_at"] == change.entitlements["S-1"]["ends_at"] > NOW


def test_a_customer_delivered_as_removed_is_added_and_removed() -> None:
    change = new_customer(removed_at=NOW - DAY)
    change.compute_projection(NOW)
    assert kinds(change) == ["CUSTOMER_ADDED", "CUSTOMER_REMOVED"]
    assert (change.customer["keys"], change.removal_change) == ([], None)


def test_restoring_a_removed_customer_is_seen_as_such() -> None:
    change = loaded(entitlement(), removed_at=NOW - 2 * DAY)
    assert change.is_removal_recorded
    change.update_customer({"removed_at": None})
    change.compute_projection(NOW)
    assert change.removal_change is False


def test_products_that_end_by_time_cause_an_event_of_their_own() -> None:
    other = entitlement("S-2", ends_at=NOW - DAY)
    other["licenses"] = [{"product": "CALLING", "total": 1, "assigned": 0, "used": 0, "day": None}]
    change = loaded(entitlement(), other, at=NOW - 2 * DAY)
    change.advance_to(NOW)
    change.transitions.clear()
    change.compute_projection(NOW)
    (event,) = change.events(NOW, None)
    assert (event["kind"], event["changes"]["products"][1]) == ("CUSTOMER_CHANGED", ["MEETINGS"])


def test_a_rewrite_writes_although_nothing_changed() -> None:
    change = loaded(entitlement())
    change.rewrite_projection()
    assert change.has_changed and change.is_rewritten


# Events and licence lines


def test_events_share_facts_and_actor_and_the_first_one_is_marked() -> None:
    change = loaded(entitlement())
    change.update_entitlement("S-1", {"suspended": True})
    change.add_event(EventDraft(ActivityKind.SUBSCRIPTION_CHANGED, "sub_S-1", "Subscription S-1 changed: suspended"))
    change.compute_projection(NOW)
    first, second = change.events(NOW, "adm_1")
    assert [event["kind"] for event in (first, second)] == ["SUBSCRIPTION_CHANGED", "STATUS_CHANGED"]
    assert [event["is_first_of_change"] for event in (first, second)] == [True, False]
    before, after = read_event_facts(first["facts_before"], first["facts_after"])
    assert before != after
    assert (before, after) == read_event_facts(second["facts_before"], second["facts_after"])
    assert {event["actor_id"] for event in (first, second)} == {"adm_1"}
    assert "SUSPENDED" in second["entered"]


def test_a_new_customer_has_no_facts_before() -> None:
    change = new_customer()
    change.compute_projection(NOW)
    (event,) = change.events(NOW, None)
    assert event["facts_before"] is None and "*" in event["facts_after"]["keys"]


@pytest.mark.parametrize(("removed_at", "expected"), [(None, (["MEETINGS"], ["MEETINGS"])), (NOW, (["MEETINGS"], []))])
def test_licence_lines_are_those_before_and_after(removed_at: datetime | None, expected: tuple[Any, Any]) -> None:
    change = loaded(entitlement())
    change.update_customer({"removed_at": removed_at})
    change.compute_projection(NOW)
    before, after = change.license_lines()
    assert ([x["product"] for x in before.values()], [x["product"] for x in after.values()]) == expected
