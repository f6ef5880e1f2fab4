"""What starting, extending, ending and converting make of a trial's facts."""

from datetime import datetime, timedelta

from domain.entitlements.lifecycle import entitlement_from_document, state_at
from domain.entitlements.trials import build_conversion, build_early_end, build_extension, build_trial, extended_length
from domain.time.instants import DAY
from domain.types import EntitlementState

NOW = datetime(2026, 11, 22, 12)
TRIAL = {"_id": "tri_1", "number": "T-1", **build_trial({"CALLING": 5, "MEETINGS": 7}, 30, NOW, "adm_1")}


def test_a_new_trial_runs_from_now_with_nothing_assigned() -> None:
    assert (TRIAL["starts_at"], TRIAL["ends_at"], TRIAL["first_ends_at"]) == (NOW, NOW + 30 * DAY, NOW + 30 * DAY)
    assert [(line["product"], line["total"], line["assigned"]) for line in TRIAL["licenses"]] == [
        ("MEETINGS", 7, 0),
        ("CALLING", 5, 0),
    ]
    assert state_at(entitlement_from_document(TRIAL), NOW) is EntitlementState.ACTIVE
    assert state_at(entitlement_from_document(TRIAL), NOW + 30 * DAY) is EntitlementState.EXPIRED


def test_an_extension_moves_the_end_and_is_remembered() -> None:
    once = {**TRIAL, **build_extension(TRIAL, 5, NOW, "adm_2")}
    twice = {**once, **build_extension(once, 1, NOW + DAY, "adm_3")}
    assert extended_length(twice, 0) == 36 * DAY == extended_length(TRIAL, 6)
    assert twice["extensions"] == [
        {"at": NOW, "by": "adm_2", "days": 5},
        {"at": NOW + DAY, "by": "adm_3", "days": 1},
    ]
    assert TRIAL["extensions"] == []


def test_an_early_end_is_the_end() -> None:
    ended = {**TRIAL, **build_early_end(NOW + DAY)}
    assert ended["ends_at"] == ended["first_ends_at"] == ended["ended_early_at"] == NOW + DAY
    assert state_at(entitlement_from_document(ended), NOW + DAY) is EntitlementState.EXPIRED


def test_the_subscription_of_a_trial_has_its_lines_and_whole_months() -> None:
    begun = datetime(2027, 1, 31)
    facts = build_conversion(TRIAL, 1, True, {}, begun)
    assert (facts["ends_at"], facts["term_months"]) == (datetime(2027, 2, 28), 1)
    assert facts["licenses"] == TRIAL["licenses"]
    assert facts["licenses"][0] is not TRIAL["licenses"][0]
    held = entitlement_from_document({"_id": "sub_1", "number": "S-1", **facts})
    assert state_at(held, begun) is EntitlementState.ACTIVE
    assert state_at(held, begun + timedelta(days=300)) is EntitlementState.ACTIVE
