"""The conditions of the query that reads a range from a position on."""

from typing import Any

import pytest

from domain.customers.conditions import EVERYTHING
from store.customers.list_planner.list_ranges import ALL_VALUES, IndexPlan, ListRange, ValueRange
from store.customers.list_planner.range_scans import RangeScan
from store.database.keyset import DEFAULT_COLUMNS as NAME_COLUMNS
from store.database.keyset import Column, inverted
from tests.store.customers.list_planner.factory_plans import order_by

TENANT = {"partner_id": "acme"}
BY_URGENCY, BY_NAME = IndexPlan("by_urgency", (("tag:x",),)), IndexPlan("by_keys", (("tag:x",),))
RANKS = ValueRange((0, 1, 2))
RANK_COLUMNS = order_by("URGENCY").columns


def conditions(values: ValueRange, plan: IndexPlan, columns: tuple[Column, ...], **positions: Any) -> list[Any]:
    return RangeScan(ListRange(values, plan, EVERYTHING), columns, **positions).conditions(TENANT)


def branch(**range_: Any) -> dict[str, Any]:
    """A branch of the scan of tag x by urgency."""
    return {"order_keys": "tag:x", "partner_id": "acme", **range_}


def test_the_first_page_reads_the_key_and_the_bounds_of_the_segment() -> None:
    assert conditions(ALL_VALUES, BY_NAME, NAME_COLUMNS) == [{"keys": "tag:x"}]
    assert conditions(RANKS, BY_URGENCY, RANK_COLUMNS) == [
        {"order_keys": "tag:x"},
        {"urgency_sort": {"$gte": 0, "$lte": 2}},
    ]


def test_a_race_requires_a_key_of_both_sets() -> None:
    plan = IndexPlan("by_urgency", (("tag:x", "tag:y"), ("country:DE",)))
    assert conditions(ALL_VALUES, plan, RANK_COLUMNS) == [
        {"order_keys": {"$in": ["tag:x", "tag:y"]}},
        {"order_keys": "country:DE"},
    ]
    first, second = conditions(ALL_VALUES, plan, RANK_COLUMNS, start=(1, "n", "i"))
    assert (len(first["$or"]), len(second["$or"])) == (6, 3)


def test_a_position_splits_a_segment_into_ranges_within_its_bounds() -> None:
    assert conditions(RANKS, BY_URGENCY, RANK_COLUMNS, start=(1, "n", "i")) == [
        {
            "$or": [
                branch(urgency_sort=1, name_folded="n", _id={"$gte": "i"}),
                branch(urgency_sort=1, name_folded={"$gt": "n"}),
                branch(urgency_sort={"$gte": 0, "$lte": 2, "$gt": 1}),
            ]
        }
    ]


def test_descending_ranges_are_below_the_position_in_every_column() -> None:
    assert conditions(RANKS, BY_URGENCY, inverted(RANK_COLUMNS), start=(1, "n", "i")) == [
        {
            "$or": [
                branch(urgency_sort=1, name_folded="n", _id={"$lte": "i"}),
                branch(urgency_sort=1, name_folded={"$lt": "n"}),
                branch(urgency_sort={"$gte": 0, "$lte": 2, "$lt": 1}),
            ]
        }
    ]


def test_a_single_value_is_part_of_every_range_of_its_own_index() -> None:
    scan = RangeScan(ListRange(ValueRange((8,)), BY_URGENCY, EVERYTHING), RANK_COLUMNS, (8, "n", "i"))
    assert scan.sort == [("name_folded", 1), ("_id", 1)]
    assert scan.conditions(TENANT) == [
        {
            "$or": [
                branch(urgency_sort=8, name_folded="n", _id={"$gte": "i"}),
                branch(urgency_sort=8, name_folded={"$gt": "n"}),
            ]
        }
    ]


def test_a_single_value_filters_the_index_of_keys() -> None:
    values = ValueRange((7,))
    assert conditions(values, BY_NAME, RANK_COLUMNS) == [{"keys": "tag:x"}, {"urgency_sort": 7}]
    ranges, value = conditions(values, BY_NAME, RANK_COLUMNS, start=(7, "n", "i"))
    assert value == {"urgency_sort": 7}
    assert ranges["$or"][1] == {"keys": "tag:x", "partner_id": "acme", "name_folded": {"$gt": "n"}}


def test_the_end_bounds_the_scan_and_is_excluded() -> None:
    assert conditions(ALL_VALUES, BY_NAME, NAME_COLUMNS, end=("n", "i")) == [
        {"keys": "tag:x"},
        {"name_folded": {"$lte": "n"}},
        {"$nor": [{"name_folded": "n", "_id": {"$gte": "i"}}, {"name_folded": {"$gt": "n"}}]},
    ]
    assert conditions(ValueRange((7,)), BY_NAME, inverted(RANK_COLUMNS), end=(7, "n", "i"))[1] == {
        "name_folded": {"$gte": "n"}
    }


@pytest.mark.parametrize(
    "plan",
    [
        IndexPlan("by_urgency", (tuple(f"tag:{number}" for number in range(134)),)),
        IndexPlan("by_keys", (("w:acme",),), needs_sort=True),
    ],
    ids=["more than 400 branches", "sorted"],
)
def test_without_branches_a_filter_drops_the_rows_before_the_position(plan: IndexPlan) -> None:
    *_, from_start, before_start = [
        condition
        for condition in conditions(ALL_VALUES, plan, RANK_COLUMNS, start=(1, "n", "i"))
        if condition.keys() <= {"urgency_sort", "$nor"}
    ]
    assert from_start == {"urgency_sort": {"$gte": 1}}
    assert before_start == {
        "$nor": [
            {"urgency_sort": 1, "name_folded": "n", "_id": {"$lt": "i"}},
            {"urgency_sort": 1, "name_folded": {"$lt": "n"}},
            {"urgency_sort": {"$lt": 1}},
        ]
    }


def test_up_to_400_branches_are_merged() -> None:
    plan = IndexPlan("by_urgency", (tuple(f"tag:{number}" for number in range(133)),))
    (ranges,) = conditions(ALL_VALUES, plan, RANK_COLUMNS, start=(1, "n", "i"))
    assert len(ranges["$or"]) == 399
