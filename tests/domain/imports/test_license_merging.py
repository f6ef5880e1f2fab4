"""Licence lists with names and unknown products, and the line of a usage record (domain rules: "What comes in")."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from domain.entitlements.license_keys import MAX_LICENSE_LINES, key_fields, key_of_line, snapshot_key
from domain.entitlements.license_snapshots import sum_by_week
from domain.failures import InvalidRecord
from domain.imports.license_fields import identify_line, licenses
from domain.imports.license_merging import find_usage_line, merge_delivered, merge_licenses
from domain.imports.order_fields import order_lines
from domain.imports.records import ImportKind, parse_record
from tests import random_values as rv
from tests.domain.imports.factory_records import usage_record
from tests.random_values import seeded

MONDAY, DAY = datetime(2026, 11, 16), timedelta(days=1)
OWNER = {"entitlement_id": "sub_1", "customer_id": "cus_1"}


def line(product: str, name: str | None = None, **figures: int) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    return {"product": product, **named, "total": 10, "assigned": 5, "used": 3, **figures}


def figures(stored: dict[str, Any]) -> dict[str, int]:
    return {name: stored[name] for name in ("total", "assigned", "used")}


@pytest.mark.parametrize(
    ("delivered", "key"),
    [
        ({"product": "CALLING"}, "CALLING"),
        ({"product": "CALLING", "name": None}, "CALLING"),
        ({"product": " CALLING ", "name": " Professional\u00a0"}, "CALLING:Professional"),
        ({"product": "WEBINARS"}, "WEBINARS"),
        ({"product": "OTHER", "name": "Pager"}, "OTHER:Pager"),
        ({"product": "FAX"}, "OTHER:FAX"),
        ({"product": "Fax", "name": "Color"}, "OTHER:Fax · Color"),
        ({"product": "Fax · Color"}, "OTHER:Fax ·· Color"),
        ({"product": "calling"}, "OTHER:calling"),
    ],
)
def test_an_unknown_product_is_other_with_what_was_delivered_as_its_name(delivered: dict[str, Any], key: str) -> None:
    assert licenses("licenses", [{**delivered, "total": 1}]) == {key: {"total": 1}}
    product, _, name = key.partition(":")
    named = {"name": name} if name else {}
    assert order_lines("lines", [{**delivered, "quantity": -1}]) == [{"product": product, **named, "quantity": -1}]


@pytest.mark.parametrize(
    ("entries", "field", "reason"),
    [
        ([line("CALLING", "A"), line("CALLING", "A ")], "licenses[1].product", "with the name 'A', which stands"),
        ([line("Fax"), line("OTHER", "Fax")], "licenses[1].product", "is OTHER with the name 'Fax', which stands"),
        ([line("CALLING", "")], "licenses[0].name", "must have 1 to 100 characters"),
        ([line("CALLING", "\u200b")], "licenses[0].name", "has no visible character"),
        ([{"product": 7, "total": 1}], "licenses[0].product", "must be a text, not a number"),
        ([{"product": "", "total": 1}], "licenses[0].product", "must have 1 to 100 characters"),
        ([line("CALLING", str(n)) for n in range(MAX_LICENSE_LINES + 1)], "licenses", "at most 50 fit"),
    ],
)
def test_refuses_with_field_and_reason(entries: list[Any], field: str, reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        licenses("licenses", entries)
    assert refused.value.field == field
    assert reason in refused.value.reason


WORDS = ("Foo", "Bar", "·", "··", ":")
# All texts of one to four of the words, by their number.
TEXTS = {count: [" ".join(words) for words in itertools.product(WORDS, repeat=count)] for count in range(1, 5)}


def test_unknown_products_with_different_names_are_different_lines() -> None:
    """Of all products and names with together at most five words."""
    pairs: list[tuple[str, str | None]] = [(text, None) for texts in TEXTS.values() for text in texts]
    for of_product, of_name in itertools.product(TEXTS, TEXTS):
        if of_product + of_name <= 5:
            pairs += itertools.product(TEXTS[of_product], TEXTS[of_name])
    assert len(pairs) > 15_000
    by_line: dict[Any, tuple[str, str | None]] = {}
    for pair in pairs:
        assert by_line.setdefault(identify_line(*pair), pair) == pair


def test_two_unknown_products_whose_words_are_equal_are_two_lines() -> None:
    delivered = [line("Foo", "Bar Baz"), line("Foo Bar", "Baz"), line("Foo Bar Baz")]
    assert list(licenses("licenses", delivered)) == ["OTHER:Foo · Bar Baz", "OTHER:Foo Bar · Baz", "OTHER:Foo Bar Baz"]


LISTS = rv.lists(
    rv.builds(line, rv.sampled_from(["CALLING", "MEETINGS", "Fax"]), rv.sampled_from([None, "A", "B.$:c"])),
    unique_by=lambda one: (one["product"], one.get("name")),
    max_size=6,
)


@settings(max_examples=200)
@given(seeded(LISTS), seeded(LISTS), rv.randoms())
def test_a_list_replaces_the_lines_of_the_list_before_and_keeps_those_that_were_added_here(
    first: list[Any], second: list[Any], random: Any
) -> None:
    before, after = licenses("licenses", first), licenses("licenses", second)
    added_here = {"product": "EVENTS", "total": 3, "assigned": 0, "used": 0, "day": None}
    stored = [*merge_licenses((), None, before), added_here]
    merged = merge_licenses(stored, before, after)
    assert {key_of_line(one) for one in merged} == {*after, "EVENTS"}
    shuffled = licenses("licenses", random.sample(second, len(second)))
    assert merge_licenses(merged, after, shuffled) == merged
    assert merge_delivered(after, shuffled) == after


def deliver_lists(lists: list[list[Any]]) -> list[list[dict[str, Any]]]:
    """The stored lines after each of the lists, which are delivered one after the other."""
    stored: list[dict[str, Any]] = []
    states, before = [], None
    for delivered in (licenses("licenses", one) for one in lists):
        stored = merge_licenses(stored, before, delivered)
        before = merge_delivered(before, delivered)
        states.append(stored)
    return states


@settings(max_examples=200)
@given(seeded(rv.lists(LISTS, min_size=1, max_size=6)))
def test_the_lines_of_an_entitlement_never_share_their_snapshots(lists: list[list[Any]]) -> None:
    for stored in deliver_lists(lists):
        assert len({snapshot_key(one) for one in stored}) == len(stored)


@settings(max_examples=200)
@given(seeded(rv.lists(rv.tuples(rv.sampled_from([None, None, "A"]), rv.integers(5, 9)), min_size=7, max_size=7)))
def test_a_line_that_gets_or_loses_its_name_counts_once_in_its_week(days: list[tuple[str | None, int]]) -> None:
    lists = [[line("CALLING", name, assigned=count)] for name, count in days]
    snapshots = [
        {**figures(one), **key_fields(snapshot_key(one)), **OWNER, "day": MONDAY + n * DAY}
        for n, stored in enumerate(deliver_lists(lists))
        for one in stored
    ]
    (week,) = sum_by_week(snapshots).values()
    assert (week.sums.total, week.sums.assigned) == (10, days[-1][1])
    assert list(week.assigned.values()) == [days[-1][1]]


def test_a_line_that_gets_a_name_keeps_its_figures_and_another_name_is_another_line() -> None:
    lists = [[line("CALLING")], [{"product": "CALLING", "name": "A", "total": 12}]]
    assert deliver_lists(lists)[-1] == [{**line("CALLING", "A", total=12), "day": None, "snapshot_key": "CALLING"}]
    assert deliver_lists([*lists, [line("CALLING")]])[-1] == [{**line("CALLING"), "day": None}]
    other = [{"product": "CALLING", "name": "B", "total": 12}]
    assert deliver_lists([*lists, other])[-1] == [{**line("CALLING", "B", total=12, assigned=0, used=0), "day": None}]


def test_a_line_that_was_made_here_gets_the_delivered_name_and_keeps_its_figures() -> None:
    converted = [{**line("CALLING"), "day": None}]
    delivered = licenses("licenses", [{"product": "CALLING", "name": "A", "total": 12}])
    (named,) = merge_licenses(converted, None, delivered)
    assert named == {**line("CALLING", "A", total=12), "day": None, "snapshot_key": "CALLING"}


def test_a_line_that_was_removed_here_does_not_come_back_with_a_name() -> None:
    before = licenses("licenses", [line("CALLING"), line("MEETINGS")])
    kept = {**line("MEETINGS"), "day": None}
    delivered = licenses("licenses", [line("CALLING", "A"), line("MEETINGS")])
    assert merge_licenses([kept], before, delivered) == [kept]
    added_here = {**line("CALLING", assigned=0, used=0), "day": None}
    given = licenses("licenses", [line("CALLING")])
    assert merge_licenses([added_here], licenses("licenses", [line("CALLING", "A")]), given) == [added_here]


def test_a_new_line_does_not_take_over_the_snapshots_of_a_renamed_one() -> None:
    lists = [[line("CALLING")], [line("CALLING", "A")], [line("CALLING"), line("CALLING", "A")]]
    assert [snapshot_key(one) for one in deliver_lists(lists)[-1]] == ["CALLING: ", "CALLING"]


def test_a_usage_record_from_before_a_new_name_is_about_the_same_snapshot() -> None:
    (named,) = deliver_lists([[line("CALLING")], [line("CALLING", "A")]])[-1]
    for name in (None, "A"):
        record = parse_record(ImportKind.LICENSE_USAGE, usage_record(product="CALLING", name=name))
        assert find_usage_line([named], record) == 0
    assert snapshot_key(named) == "CALLING"


HELD = [line("CALLING"), line("MEETINGS", "Pro"), line("WEBINARS", "500"), line("WEBINARS"), line("OTHER", "Fax")]


@pytest.mark.parametrize(
    ("named", "position"),
    [
        ({"product": "CALLING"}, 0),
        ({"product": "MEETINGS"}, 1),
        ({"product": "MEETINGS", "name": "Pro"}, 1),
        ({"product": "WEBINARS", "name": "500"}, 2),
        ({"product": "Fax"}, 4),
        ({"product": "OTHER"}, 4),
        ({"product": "OTHER", "name": "Fax"}, 4),
    ],
)
def test_a_usage_record_finds_its_line(named: dict[str, Any], position: int) -> None:
    record = parse_record(ImportKind.LICENSE_USAGE, usage_record(**named))
    assert find_usage_line(HELD, record) == position


@pytest.mark.parametrize(
    ("named", "field", "reason"),
    [
        ({"product": "DEVICES"}, "product", "is DEVICES, of which SUB-1 has no licenses"),
        ({"product": "Pager"}, "name", "is 'Pager': the lines of OTHER of SUB-1 are 'Fax'"),
        (
            {"product": "CALLING", "name": "Pro"},
            "name",
            "is 'Pro': the lines of CALLING of SUB-1 are one without a name",
        ),
        (
            {"product": "WEBINARS"},
            "name",
            "is missing: SUB-1 has several lines of WEBINARS: '500', one without a name",
        ),
    ],
)
def test_a_usage_record_without_a_line_of_its_own_is_refused(named: dict[str, Any], field: str, reason: str) -> None:
    record = parse_record(ImportKind.LICENSE_USAGE, usage_record(**named))
    with pytest.raises(InvalidRecord) as refused:
        find_usage_line(HELD, record)
    assert (refused.value.field, refused.value.reason) == (field, reason)
