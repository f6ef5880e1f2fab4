"""The sort values of ranges: which values they contain, and how MongoDB is asked for them."""

from datetime import datetime
from typing import Any

import pytest

from domain.time.instants import MAX_INSTANT
from store.customers.list_planner.list_ranges import ALL_VALUES, IndexPlan, ValueRange

NOON = datetime(2026, 11, 22, 12)


@pytest.mark.parametrize(
    ("values", "condition"),
    [
        (ALL_VALUES, {}),
        (ValueRange((3,)), {"rank": 3}),
        (ValueRange((0,)), {"rank": 0}),
        (ValueRange((0, 1, 2)), {"rank": {"$gte": 0, "$lte": 2}}),
        # Points instead of a range with gaps would make MongoDB sort the merged keys.
        (ValueRange((0, 2, 3, 6)), {"rank": {"$gte": 0, "$lte": 6, "$nin": [1, 4, 5]}}),
        (ValueRange(below=MAX_INSTANT), {"rank": {"$lt": MAX_INSTANT}}),
        (ValueRange(at_most=NOON), {"rank": {"$lte": NOON}}),
        (ValueRange((MAX_INSTANT,)), {"rank": MAX_INSTANT}),
    ],
)
def test_a_range_is_one_condition_on_the_field(values: ValueRange, condition: dict[str, Any]) -> None:
    assert values.condition("rank") == condition


@pytest.mark.parametrize(
    ("values", "contained", "others"),
    [
        (ALL_VALUES, [0, NOON, MAX_INSTANT, "name"], []),
        (ValueRange((0, 2)), [0, 2], [1, 3]),
        (ValueRange((MAX_INSTANT,)), [MAX_INSTANT], [NOON]),
        (ValueRange(below=MAX_INSTANT), [NOON], [MAX_INSTANT]),
        # The limit moves with the clock, so a row of an earlier page may lie behind it.
        (ValueRange(at_most=NOON), [NOON, MAX_INSTANT], []),
    ],
)
def test_a_range_contains_the_values_of_its_rows(values: ValueRange, contained: list[Any], others: list[Any]) -> None:
    assert [values.contains(value) for value in contained] == [True] * len(contained)
    assert [values.contains(value) for value in others] == [False] * len(others)


def test_the_array_of_keys_follows_from_the_index() -> None:
    assert IndexPlan("by_keys", (("*",),)).key_field == "keys"
    assert IndexPlan("by_urgency", (("*",),)).key_field == "order_keys"
