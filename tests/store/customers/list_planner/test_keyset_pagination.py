"""Positions of cursors among the ranges of a plan. tests/store/customers/test_lists.py reads whole lists."""

from typing import cast

import pytest

from domain.customers.conditions import EVERYTHING
from domain.failures import InvalidCursor
from store.customers.list_planner.keyset_pagination import KeysetReader
from store.customers.list_planner.list_ranges import IndexPlan, ListRange, ValueRange
from store.database.keyset import inverted
from store.database.scope import Scope
from tests.store.customers.list_planner.factory_plans import order_by

COLUMNS = order_by("URGENCY", "DESC").columns
PLAN = IndexPlan("by_urgency", (("*",),))
LIST_RANGES = [ListRange(ValueRange((0, 2)), PLAN, EVERYTHING), ListRange(ValueRange((8,)), PLAN, EVERYTHING)]


@pytest.fixture
def reader() -> KeysetReader:
    """A reader without a scope: a test that queried the database would fail."""
    return KeysetReader(cast(Scope, None), LIST_RANGES, COLUMNS)


@pytest.mark.parametrize("rank", [1, 3, 7, 99])
@pytest.mark.parametrize("columns", [COLUMNS, inverted(COLUMNS)], ids=["forwards", "backwards"])
async def test_rejects_a_cursor_with_a_value_that_no_row_can_have(
    reader: KeysetReader, columns: tuple[object, ...], rank: int
) -> None:
    forged = (rank, "name", "cus_1")
    for start, end in ((forged, None), (None, forged)):
        with pytest.raises(InvalidCursor):
            await reader.find(columns, start, end, 10)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("columns", "start", "end"),
    [(COLUMNS, 8, 2), (inverted(COLUMNS), 0, 8)],
    ids=["forwards", "backwards"],
)
async def test_a_start_in_a_later_segment_than_the_end_reads_nothing(
    reader: KeysetReader, columns: tuple[object, ...], start: int, end: int
) -> None:
    assert await reader.find(columns, (start, "a", "b"), (end, "a", "b"), 10) == []  # type: ignore[arg-type]


async def test_reads_nothing_without_segments_or_beyond_the_limit(reader: KeysetReader) -> None:
    assert await KeysetReader(reader.scope, [], COLUMNS).find(COLUMNS, None, None, 10) == []
    assert await reader.find(COLUMNS, None, None, 0) == []
