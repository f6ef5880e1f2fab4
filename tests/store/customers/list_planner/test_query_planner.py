"""The plan that is chosen for a filter, an order and what is known of the keys."""

from datetime import timedelta
from typing import Any

import pytest

from domain.customers.conditions import HasWordPrefixes, conjuncts
from domain.customers.filter import parse_filter
from domain.customers.implied_values import LEAST_URGENT_RANK
from domain.customers.keys import Keys
from domain.customers.projection import NO_STATUS_RANK
from domain.customers.simplification import simplify
from domain.customers.time_buckets import CREATIONS
from domain.time.instants import MAX_INSTANT
from store.customers.list_planner.list_ranges import ALL_VALUES, IndexPlan, QueryPlan, ValueRange
from store.customers.list_planner.query_planner import choose_plan
from store.customers.orders import CustomerOrder
from tests.store.customers.list_planner.factory_plans import BY_NAME, NOW, FixedCounts, list_query, order_by

STATUS_AND_TAG = {"status": ["EXPIRING_SOON"], "tag": ["x"]}
STATUS, TAG, WORD, ALL = ("status:EXPIRING_SOON",), ("tag:x",), ("w:acme",), ("*",)
BY_EXPIRY = order_by("NEXT_EXPIRY_AT")


async def planned(
    raw: dict[str, Any], order: CustomerOrder, known: dict[str, int] | None = None, **uncounted: int
) -> QueryPlan:
    counts = FixedCounts(known or {}, {f"w:{word}": count for word, count in uncounted.items()})
    return await choose_plan(list_query(raw, order), counts, 200_000)


def ranges_of(plan: QueryPlan) -> list[ValueRange]:
    return [list_range.values for list_range in plan]


@pytest.mark.parametrize(
    ("known", "by_name", "by_expiry"),
    [
        # Nothing is counted: both keys race in every order.
        ({}, (TAG, STATUS), (TAG, STATUS)),
        # A rare key is read alone.
        ({"status:EXPIRING_SOON": 9_000, "tag:x": 700}, (TAG,), (TAG,)),
        ({"status:EXPIRING_SOON": 700, "tag:x": 9_000}, (STATUS,), (STATUS,)),
        # Two common keys: the one of the order's own kind is read alone.
        ({"status:EXPIRING_SOON": 9_000, "tag:x": 12_000}, (TAG,), (STATUS,)),
        ({"status:EXPIRING_SOON": 12_000, "tag:x": 9_000}, (TAG,), (STATUS,)),
        # One of two counts is missing.
        ({"status:EXPIRING_SOON": 12_000}, (TAG, STATUS), (TAG, STATUS)),
    ],
)
async def test_statistics_decide_between_two_keys(
    known: dict[str, int], by_name: tuple[Keys, ...], by_expiry: tuple[Keys, ...]
) -> None:
    (list_range,) = await planned(STATUS_AND_TAG, BY_NAME, known)
    assert list_range.plan == IndexPlan("by_keys", by_name)
    (list_range,) = await planned(STATUS_AND_TAG, BY_EXPIRY, known)
    assert list_range.plan == IndexPlan("by_next_expiry_at", by_expiry)


async def test_keys_of_the_same_kind_race_only_if_the_scan_is_short() -> None:
    raw = {"tag": ["x"], "country": ["DE"]}
    (list_range,) = await planned(raw, BY_NAME, {"tag:x": 20_000, "country:DE": 30_000})
    assert list_range.plan.key_sets == (("tag:x",), ("country:DE",))
    (list_range,) = await planned(raw, BY_NAME, {"tag:x": 5_000, "country:DE": 6_000})
    assert list_range.plan.key_sets == (("tag:x",),)


async def test_large_key_sets_do_not_race() -> None:
    tags = [f"t{number}" for number in range(25)]
    (list_range,) = await planned({"tag": tags, "country": ["DE"]}, BY_NAME)
    assert list_range.plan.key_sets == (("country:DE",),)
    (list_range,) = await planned({"tag": tags[:24], "country": ["DE"]}, BY_NAME)
    assert len(list_range.plan.key_sets) == 2


async def test_a_rare_word_is_sorted_and_a_common_one_filters_a_scan() -> None:
    order = order_by("CREATED_AT")
    (list_range,) = await planned({"search": "acme"}, order, acme=40)
    assert list_range.plan == IndexPlan("by_keys", (WORD,), needs_sort=True)
    (list_range,) = await planned({"search": "acme"}, order, acme=40_000)
    assert list_range.plan == IndexPlan("by_created_at", (ALL,))
    (list_range,) = await planned({"search": "acme"}, BY_NAME)
    assert list_range.plan == IndexPlan("by_keys", (WORD,))


@pytest.mark.parametrize("field", ["NEXT_EXPIRY_AT", "LAST_ADMINISTRATOR_SIGN_IN_AT"])
async def test_null_is_a_segment_of_its_own_in_descending_order(field: str) -> None:
    assert ranges_of(await planned({}, order_by(field))) == [ALL_VALUES]
    assert ranges_of(await planned({}, order_by(field, "DESC"))) == [
        ValueRange(below=MAX_INSTANT),
        ValueRange((MAX_INSTANT,)),
    ]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_orders_without_null_are_one_segment(direction: str) -> None:
    for field in ("NAME", "CREATED_AT"):
        assert ranges_of(await planned({"tag": ["x"]}, order_by(field, direction))) == [ALL_VALUES]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_a_window_of_ends_limits_the_next_expiry_and_excludes_null(direction: str) -> None:
    plan = await planned({"expires_within_days": 7}, order_by("NEXT_EXPIRY_AT", direction))
    assert ranges_of(plan) == [ValueRange(at_most=NOW + timedelta(days=7))]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_a_range_of_the_ordered_instant_limits_the_scan_and_needs_no_count(direction: str) -> None:
    (created,) = await planned({"created_at": {"since": NOW}}, order_by("CREATED_AT", direction))
    assert created.values == ValueRange(at_least=NOW)
    assert created.plan == IndexPlan("by_created_at", (ALL,))
    order = order_by("LAST_ADMINISTRATOR_SIGN_IN_AT", direction)
    (signed_in,) = await planned({"last_administrator_sign_in_at": {"since": NOW}, "tag": ["x"]}, order)
    # A customer without a sign-in never matches, and null is stored as the highest instant.
    assert signed_in.values == ValueRange(at_least=NOW, below=MAX_INSTANT)


async def test_a_rare_range_of_another_instant_is_sorted() -> None:
    counts = dict.fromkeys(CREATIONS.open_window_keys(NOW, None, NOW), 9)
    (list_range,) = await planned({"created_at": {"since": NOW}}, order_by("NEXT_EXPIRY_AT"), counts)
    assert (list_range.plan.index, list_range.plan.needs_sort) == ("by_keys", True)


@pytest.mark.parametrize(("field", "value"), [("NEXT_EXPIRY_AT", MAX_INSTANT), ("URGENCY", 3)])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_expired_customers_are_read_by_name_in_the_orders_that_their_status_decides(
    field: str, value: Any, direction: str
) -> None:
    (list_range,) = await planned({"status": ["EXPIRED"], "search": "acme"}, order_by(field, direction))
    assert list_range.values == ValueRange((value,))
    assert list_range.plan.index == "by_keys"
    (list_range, *_) = await planned({"status": ["EXPIRED"]}, order_by("CREATED_AT", direction))
    assert list_range.plan.index == "by_created_at"


async def test_urgency_is_one_segment_ascending_and_has_null_last_descending() -> None:
    ranks = tuple(range(NO_STATUS_RANK))
    assert ranges_of(await planned({}, order_by("URGENCY"))) == [ValueRange((*ranks, NO_STATUS_RANK))]
    assert ranges_of(await planned({}, order_by("URGENCY", "DESC"))) == [
        ValueRange(ranks),
        ValueRange((NO_STATUS_RANK,)),
    ]
    assert ranges_of(await planned({"status": ["LICENSE_OVERAGE"]}, order_by("URGENCY", "DESC"))) == [
        ValueRange((0, 1))
    ]


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("ASC", [(0, 1, 2, 3, 4, 5, 6), (LEAST_URGENT_RANK,), (NO_STATUS_RANK,)]),
        ("DESC", [(LEAST_URGENT_RANK,), (0, 1, 2, 3, 4, 5, 6), (NO_STATUS_RANK,)]),
    ],
)
async def test_a_common_word_is_read_by_name_among_the_customers_of_lowest_urgency(
    direction: str, expected: list[tuple[int, ...]]
) -> None:
    plan = await planned({"search": "acme"}, order_by("URGENCY", direction), acme=40_000)
    assert [list_range.values.values for list_range in plan] == expected
    for list_range in plan:
        is_lowest = list_range.values == ValueRange((LEAST_URGENT_RANK,))
        assert list_range.plan == (IndexPlan("by_keys", (WORD,)) if is_lowest else IndexPlan("by_urgency", (ALL,)))


async def test_the_segment_of_lowest_urgency_drops_the_alternatives_that_it_excludes() -> None:
    raw = {"any_of": [{"status": ["TRIAL"]}, {"search": "gmbh"}], "search": "acme"}
    known = {"status:TRIAL": 30_000, "w:gmbh": 40_000}
    lowest, others, null = await planned(raw, order_by("URGENCY", "DESC"), known, acme=40_000)
    assert set(conjuncts(lowest.wanted)) == {HasWordPrefixes(("acme",)), HasWordPrefixes(("gmbh",))}
    assert others.wanted == null.wanted == simplify(parse_filter(raw))


async def test_the_lowest_urgency_is_not_split_off_where_it_is_rare_or_excluded() -> None:
    order = order_by("URGENCY", "DESC")
    few = {"*": 200_000, "status:SUBSCRIPTION": 49_000}
    assert len(await planned({"search": "acme"}, order, few, acme=40_000)) == 2
    excluded = {"search": "acme", "not_": {"status": ["SUBSCRIPTION"]}}
    plan = await planned(excluded, order, {"no:status:SUBSCRIPTION": 70_000}, acme=40_000)
    assert all(LEAST_URGENT_RANK not in list_range.values.values for list_range in plan)
