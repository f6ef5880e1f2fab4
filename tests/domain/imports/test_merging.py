"""How delivered lines merge into facts: what differs from the last delivery is applied, and nothing else."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.failures import InvalidRecord
from domain.imports.license_merging import merge_usage
from domain.imports.merging import (
    MergeResult,
    merge_administrator,
    merge_customer,
    merge_entitlement,
    merge_resource,
)
from domain.imports.records import RECORD_FIELDS, ImportKind, parse_record
from tests import random_values as rv
from tests.domain.imports.factory_records import (
    administrator_record,
    customer_record,
    resource_record,
    subscription_record,
    trial_record,
    usage_record,
)
from tests.random_values import seeded

NOW = datetime(2026, 11, 22, 12)
_MERGES: dict[ImportKind, tuple[Callable[..., dict[str, Any]], Callable[..., MergeResult]]] = {
    ImportKind.ADMINISTRATORS: (administrator_record, merge_administrator),
    ImportKind.SUBSCRIPTIONS: (subscription_record, merge_entitlement),
    ImportKind.RESOURCES: (resource_record, merge_resource),
}
Document = dict[str, Any]


def merged(document: Document | None, merge: MergeResult) -> Document:
    """The document after a merge, as the store writes it."""
    delivered = merge.delivered if merge.delivered is not None else (document or {}).get("delivered")
    return {"_id": "x_1", **(document or {}), **merge.fields, "delivered": delivered}


def customer(document: Document | None, **changes: Any) -> Document:
    return merged(
        document, merge_customer(document, parse_record(ImportKind.CUSTOMERS, customer_record(**changes)), NOW)
    )


def subscription(document: Document | None, **changes: Any) -> Document:
    line = parse_record(ImportKind.SUBSCRIPTIONS, subscription_record(**changes))
    return merged(document, merge_entitlement(document, line))


def test_a_new_customer_has_every_fact() -> None:
    made = customer(None, domain="acme.example")
    assert made["created_at"] == NOW
    assert (made["domain"], made["country"], made["removed_at"]) == ("acme.example", None, None)


def test_absent_keeps_and_null_clears() -> None:
    made = customer(None, domain="acme.example", country="DE")
    changed = customer(made, country=None)
    assert (changed["domain"], changed["country"]) == ("acme.example", None)


def test_a_repeated_line_changes_nothing_after_the_hub_changed_the_fact() -> None:
    made = {**subscription(None, setUp=False), "set_up": True}
    line = parse_record(ImportKind.SUBSCRIPTIONS, subscription_record(setUp=False))
    assert merge_entitlement(made, line) == MergeResult({}, None)
    assert subscription(made, setUp=True)["set_up"] is True
    assert subscription(subscription(made, setUp=True), setUp=False)["set_up"] is False


def test_a_new_subscription_has_the_defaults() -> None:
    made = subscription(None)
    assert (made["term_months"], made["set_up"], made["suspended"], made["cancelled_at"]) == (12, True, False, None)
    assert made["first_ends_at"] == made["ends_at"] == datetime(2040, 11, 1)
    assert made["licenses"] == [{"product": "MEETINGS", "total": 10, "assigned": 5, "used": 3, "day": None}]


def test_a_new_trial_neither_renews_nor_waits() -> None:
    made = merged(None, merge_entitlement(None, parse_record(ImportKind.TRIALS, trial_record())))
    assert (made["kind"], made["auto_renew"], made["set_up"], made["term_months"]) == ("TRIAL", False, True, None)


def test_a_delivered_end_starts_the_renewals_anew_even_where_we_had_reached_it() -> None:
    made = subscription(None, autoRenew=True, endsAt="2026-11-02T00:00:00Z")
    renewed = {**made, "ends_at": datetime(2040, 11, 2), "renewals": 1}
    line = parse_record(ImportKind.SUBSCRIPTIONS, subscription_record(autoRenew=True, endsAt="2040-11-02T00:00:00Z"))
    fields = merge_entitlement(renewed, line).fields
    assert (fields["first_ends_at"], fields["renewals"]) == (datetime(2040, 11, 2), 0)


def test_auto_renewal_that_is_switched_off_and_on_changes_neither_end_nor_renewals() -> None:
    made = subscription(None, autoRenew=True, endsAt="2026-01-31T00:00:00Z", startsAt="2025-01-01T00:00:00Z")
    renewed = {**made, "ends_at": datetime(2026, 11, 30), "renewals": 10}
    for auto_renew in (False, True):
        after = subscription(
            renewed, autoRenew=auto_renew, endsAt="2026-01-31T00:00:00Z", startsAt="2025-01-01T00:00:00Z"
        )
        assert {**after, "delivered": 0} == {**renewed, "auto_renew": auto_renew, "delivered": 0}
        renewed = after


def test_figures_merge_one_by_one_and_dropped_products_go() -> None:
    made = subscription(None, licenses=[{"product": "CALLING", "total": 5, "assigned": 4, "used": 2}])
    held = {**made["licenses"][0], "assigned": 3, "day": NOW}
    changed = subscription({**made, "licenses": [held]}, licenses=[{"product": "CALLING", "total": 9, "assigned": 4}])
    assert changed["licenses"] == [{**held, "total": 9}]
    assert changed["delivered"]["licenses"]["CALLING"] == {"total": 9, "assigned": 4, "used": 2}
    moved = subscription(changed, licenses=[{"product": "MESSAGING", "total": 1}, {"product": "MEETINGS", "total": 2}])
    assert [line["product"] for line in moved["licenses"]] == ["MEETINGS", "MESSAGING"]


def test_refuses_a_merge_that_uses_more_than_it_assigns() -> None:
    made = subscription(None, licenses=[{"product": "CALLING", "total": 5, "assigned": 4, "used": 4}])
    with pytest.raises(
        InvalidRecord, match=r"licenses.CALLING.assigned: is 2, fewer than the 4 used that are held here"
    ):
        subscription(made, licenses=[{"product": "CALLING", "total": 5, "assigned": 2}])
    with pytest.raises(
        InvalidRecord, match=r"licenses.CALLING.used: is 6, more than the 4 assigned that are held here"
    ):
        subscription(made, licenses=[{"product": "CALLING", "total": 5, "used": 6}])
    with pytest.raises(InvalidRecord, match=r"licenses.MEETINGS.used: is 1, more than the 0 assigned"):
        subscription(made, licenses=[{"product": "MEETINGS", "total": 5, "used": 1}])


def test_a_line_that_was_removed_here_returns_only_with_other_figures() -> None:
    meetings, calling = ({"product": product, "total": 5, "assigned": 4} for product in ("MEETINGS", "CALLING"))
    made = subscription(None, licenses=[meetings, calling])
    changed = {**made, "licenses": made["licenses"][:1]}
    for same in (calling, {"product": "CALLING", "total": 5}, {**calling, "used": 0}):
        after = subscription(changed, licenses=[{**meetings, "total": 6}, same], endsAt="2028-01-01T00:00:00Z")
        assert [(line["product"], line["total"]) for line in after["licenses"]] == [("MEETINGS", 6)]
        assert subscription(after, licenses=[{**meetings, "total": 6}, calling])["licenses"] == after["licenses"]
    returned = subscription(changed, licenses=[meetings, {"product": "CALLING", "total": 8}])
    assert returned["licenses"] == [made["licenses"][0], {**made["licenses"][1], "total": 8}]
    without = subscription(changed, licenses=[meetings])
    assert subscription(without, licenses=[meetings, calling])["licenses"] == made["licenses"]


def test_figures_that_were_left_out_count_as_delivered_with_0() -> None:
    made = subscription(None, licenses=[{"product": "CALLING", "total": 5}])
    used = {**made, "licenses": [{**made["licenses"][0], "assigned": 4, "used": 2, "day": NOW}]}
    for zero in (0, None):
        again = [{"product": "CALLING", "total": 5, "assigned": zero, "used": zero}]
        assert subscription(used, licenses=again)["licenses"] == used["licenses"]


def test_assigned_and_used_of_one_line_go_together() -> None:
    made = subscription(None, licenses=[{"product": "CALLING", "total": 5, "assigned": 10, "used": 5}])
    held = {**made["licenses"][0], "assigned": 6, "used": 4}
    given_again = [{"product": "CALLING", "total": 5, "assigned": 10, "used": 8}]
    (line,) = subscription({**made, "licenses": [held]}, licenses=given_again)["licenses"]
    assert (line["assigned"], line["used"]) == (10, 8)
    more = [{"product": "CALLING", "total": 6, "assigned": 10, "used": 5}]
    assert subscription({**made, "licenses": [held]}, licenses=more)["licenses"] == [{**held, "total": 6}]


def test_an_end_that_stands_already_is_no_change() -> None:
    made = subscription(None)
    moved = {**made, "delivered": {**made["delivered"], "endsAt": NOW}}
    line = parse_record(ImportKind.SUBSCRIPTIONS, subscription_record())
    assert merge_entitlement(moved, line) == MergeResult({}, made["delivered"])


def usage(held: Document, snapshot: Document | None, **changes: Any) -> tuple[Document, Document | None]:
    record = usage_record(**{"day": "2026-11-20", **changes})
    merge = merge_usage(held, snapshot, parse_record(ImportKind.LICENSE_USAGE, record), NOW)
    return {**held, **merge.current}, merge.snapshot


HELD = {"product": "MEETINGS", "total": 10, "assigned": 5, "used": 3, "day": None}


def test_the_newest_day_becomes_the_current_figure_and_an_older_one_is_history() -> None:
    newest, snapshot = usage(HELD, None, total=20)
    assert newest == {**HELD, "total": 20, "assigned": 7, "used": 4, "day": datetime(2026, 11, 20)}
    assert snapshot is not None
    older, history = usage(newest, None, day="2026-11-19", assigned=1, used=1)
    assert older == newest
    assert history == {"total": 20, "assigned": 1, "used": 1, "delivered": {"assigned": 1, "used": 1}}


def test_the_running_day_is_taken_and_the_next_one_is_refused() -> None:
    newest, _ = usage(HELD, None, day="2026-11-22")
    assert newest["assigned"] == 7
    with pytest.raises(InvalidRecord, match="lies in the future"):
        usage(HELD, None, day="2026-11-23")


def test_a_day_of_a_closed_week_is_refused_and_an_older_week_is_open_until_then() -> None:
    _, oldest = usage(HELD, None, day="2026-08-24")
    assert oldest is not None
    with pytest.raises(InvalidRecord, match="lies in the week of 2026-08-17, which is closed: it is 13 weeks old"):
        usage(HELD, None, day="2026-08-23")


def test_the_same_day_corrects_what_differs_and_repeating_does_nothing() -> None:
    newest, snapshot = usage(HELD, None)
    ordered_since = {**newest, "assigned": 9}
    assert usage(ordered_since, snapshot) == (ordered_since, None)
    corrected, again = usage(ordered_since, snapshot, used=6)
    assert (corrected["assigned"], corrected["used"]) == (7, 6)
    ordered_more, _ = usage(ordered_since, snapshot, total=30)
    assert (ordered_more["total"], ordered_more["assigned"]) == (30, 9)
    assert again is not None
    assert again["used"] == 6


def test_a_delivered_figure_takes_the_place_of_a_snapshot_taken_here() -> None:
    ours = {"total": 10, "assigned": 7, "used": 4}
    assert usage(HELD, ours)[1] == {**ours, "delivered": {"assigned": 7, "used": 4}}


def administrator(document: Document | None, **changes: Any) -> Document:
    line = parse_record(ImportKind.ADMINISTRATORS, administrator_record(**changes))
    return merged(document, merge_administrator(document, line))


def test_another_role_forgets_what_was_assigned_so_that_it_can_be_delivered_again() -> None:
    made = administrator(None, assigned=["C-2", "C-1"])
    assert made["delivered"]["assigned"] == ["C-1", "C-2"]
    assert administrator(made)["delivered"]["assigned"] == ["C-1", "C-2"]
    promoted = administrator(made, role="FULL_ADMINISTRATOR")
    assert promoted["delivered"]["assigned"] == []
    assert administrator(promoted, assigned=["C-1"])["delivered"]["assigned"] == ["C-1"]
    assert administrator(made, state="DEACTIVATED")["delivered"]["assigned"] == []


@pytest.mark.parametrize("kind", _MERGES)
def test_a_field_that_was_left_out_counts_as_delivered_with_its_initial_value(kind: ImportKind) -> None:
    build, merge = _MERGES[kind]
    made = merged(None, merge(None, parse_record(kind, build())))
    for field in RECORD_FIELDS[kind]:
        # No mutation changes a term; a conversion begins with another one than the initial one.
        if field.initial is None or field.name in ("assigned", "termMonths"):
            continue
        attribute = re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", field.name)
        assert made[attribute] == field.initial
        changed = {**made, attribute: "changed here"}
        for same in (field.initial, None):
            after = merged(changed, merge(changed, parse_record(kind, build(**{field.name: same}))))
            assert after[attribute] == "changed here"
            assert after["delivered"][field.name] == field.initial


def test_a_state_that_was_delivered_otherwise_in_between_comes_back() -> None:
    removed = {**administrator(None), "state": "DEACTIVATED"}
    assert administrator(removed, state="ACTIVE")["state"] == "DEACTIVATED"
    assert administrator(administrator(removed, state="DEACTIVATED"), state="ACTIVE")["state"] == "ACTIVE"


def test_a_first_delivery_does_not_restore_who_was_removed_here() -> None:
    removed = {**administrator(None), "delivered": {}, "state": "DEACTIVATED"}
    for state in ("ACTIVE", "INVITED", None):
        assert administrator(removed, state=state)["state"] == "DEACTIVATED"
    delivered = administrator(removed, state="ACTIVE")
    assert administrator(delivered, state="ACTIVE", displayName="Another")["state"] == "DEACTIVATED"
    assert administrator(administrator(delivered, state="DEACTIVATED"), state="ACTIVE")["state"] == "ACTIVE"
    invited = {**removed, "state": "INVITED"}
    assert administrator(invited, state="ACTIVE")["state"] == "ACTIVE"


def test_the_term_that_a_conversion_chose_gives_way_to_a_delivered_one() -> None:
    converted = subscription({**subscription(None), "term_months": 36, "delivered": {}})
    assert converted["term_months"] == 36
    assert subscription(converted, termMonths=12)["term_months"] == 12


_instants = rv.integers(0, 400).map(lambda days: (NOW + timedelta(days=days)).isoformat() + "Z")
_figures = rv.tuples(rv.integers(0, 9), rv.integers(0, 9), rv.integers(0, 9)).map(
    lambda f: {"total": f[0], "assigned": max(f[1:]), "used": min(f[1:])}
)
_licenses = rv.fixed_dictionaries({}, optional=dict.fromkeys(["MEETINGS", "CALLING", "MESSAGING"], _figures)).map(
    lambda held: [{"product": product, **figures} for product, figures in held.items()]
)
_subscriptions = rv.fixed_dictionaries(
    {"autoRenew": rv.booleans(), "licenses": _licenses, "endsAt": _instants},
    optional={"setUp": rv.booleans(), "suspended": rv.none() | rv.booleans(), "cancelledAt": rv.none() | _instants},
)


@given(seeded(rv.lists(_subscriptions, min_size=1, max_size=4)))
def test_importing_twice_changes_nothing(lines: list[dict[str, Any]]) -> None:
    held = None
    for line in lines:
        held = subscription(held, **line)
    assert held is not None
    assert subscription(held, **lines[-1]) == held


@given(line=seeded(_subscriptions), renewals=st.integers(0, 3), extra=seeded(_figures), is_set_up=st.booleans())
def test_a_repeated_line_undoes_nothing(line: dict[str, Any], renewals: int, extra: Document, is_set_up: bool) -> None:
    made = subscription(None, **line)
    changed = {**made, "renewals": renewals, "ends_at": made["ends_at"] + timedelta(days=365), "set_up": is_set_up}
    changed["licenses"] = [{**held, **extra} for held in made["licenses"]]
    assert subscription(changed, **line) == changed


@given(seeded(rv.lists(_subscriptions, min_size=2, max_size=4)))
def test_what_was_delivered_last_holds(lines: list[dict[str, Any]]) -> None:
    held = subscription(None, **lines[0])
    for before, line in pairwise(lines):
        held = subscription(held, **line)
        assert held["auto_renew"] == line["autoRenew"]
        assert {h["product"]: h["total"] for h in held["licenses"]} == {
            h["product"]: h["total"] for h in line["licenses"]
        }
        if before["endsAt"] != line["endsAt"]:
            assert held["first_ends_at"] == held["ends_at"]


_days = rv.sampled_from([f"2026-11-{day:02}" for day in range(1, 10)])
_usage: rv.Values[dict[str, Any]] = rv.lists(rv.tuples(_days, _figures), min_size=1, max_size=6).map(dict)


@given(days=seeded(_usage), random=rv.randoms())
def test_any_order_of_usage_lines_gives_the_same_figures(days: dict[str, Document], random: Random) -> None:
    shuffled = random.sample(sorted(days), len(days))
    outcomes = []
    for order in (sorted(days), shuffled):
        held, snapshots = HELD, {}
        for day in order:
            held, snapshots[day] = usage(held, None, day=day, **days[day])
        outcomes.append((held, snapshots))
    assert outcomes[0] == outcomes[1]
