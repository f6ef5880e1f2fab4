"""Keyset pagination: the ranges behind a position, and the pager over rows in memory."""

import asyncio
from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cursors.list import CursorValue
from domain.failures import InvalidCursor
from domain.paging import PageRequest
from store.database.client import Document
from store.database.keyset import Column, KeysetPager, KeysetRows, SortKey, inverted, keyset_conditions, sort_key_of

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": lambda value, limit: value is not None and value > limit,
    "$gte": lambda value, limit: value is not None and value >= limit,
    "$lt": lambda value, limit: value is not None and value < limit,
    "$lte": lambda value, limit: value is not None and value <= limit,
    "$ne": lambda value, other: value != other,
    "$in": lambda value, values: value in values,
    "$not": lambda value, operators: not fulfils(value, operators),
}
numbers = st.integers(0, 2)
rows = st.lists(st.tuples(st.none() | numbers, numbers), min_size=1, max_size=12)
columns = st.builds(
    lambda first, second, id_: (Column("rate", first, "number or null"), Column("name", second), Column("_id", id_)),
    *[st.sampled_from([1, -1])] * 3,
)


def fulfils(value: Any, operators: Any) -> bool:
    """Whether MongoDB finds that a value fulfils the condition on it."""
    if not isinstance(operators, dict):
        return bool(value == operators)
    return all(COMPARISONS[name](value, operand) for name, operand in operators.items())


def compare(of: tuple[Column, ...], one: SortKey, other: SortKey) -> int:
    """The order of two sort keys, in which null is below every value."""

    def comparable(value: CursorValue) -> Any:
        return (value is not None, value)

    for column, a, b in zip(of, one, other, strict=True):
        if a != b:
            return column.direction if comparable(a) > comparable(b) else -column.direction
    return 0


@given(columns, rows, st.data())
def test_each_row_behind_a_position_is_in_exactly_one_range(
    of: tuple[Column, ...], values: list[Any], data: st.DataObject
) -> None:
    documents = [{"rate": rate, "name": name, "_id": number} for number, (rate, name) in enumerate(values)]
    position = sort_key_of(of, data.draw(st.sampled_from(documents)))
    for is_inclusive in (True, False):
        ranges = keyset_conditions(of, position, inclusive=is_inclusive)
        for document in documents:
            order = compare(of, sort_key_of(of, document), position)
            fulfilled = [all(fulfils(document[name], value) for name, value in range_.items()) for range_ in ranges]
            assert sum(fulfilled) == (order >= 0 if is_inclusive else order > 0)


class Rows:
    """A list of numbers that a pager reads; it counts the queries."""

    columns = (Column("n", 1, "number"), Column("_id", 1, "number"))

    def __init__(self, numbers: list[int]) -> None:
        self.documents: list[Document] = [{"n": number, "_id": position} for position, number in enumerate(numbers)]
        self.queries = 0
        self.pager = KeysetPager(b"numbers..", self.columns)

    async def find(
        self, of: tuple[Column, ...], start: SortKey | None, end: SortKey | None, limit: int
    ) -> list[Document]:
        self.queries += 1

        def compare_documents(one: Document, other: Document) -> int:
            return compare(of, sort_key_of(of, one), sort_key_of(of, other))

        return [
            document
            for document in sorted(self.documents, key=cmp_to_key(compare_documents))
            if (start is None or compare(of, sort_key_of(of, document), start) >= 0)
            and (end is None or compare(of, sort_key_of(of, document), end) < 0)
        ][:limit]

    def cursor(self, position: int) -> str:
        return self.pager.cursor(sort_key_of(self.columns, self.documents[position]))

    def page(self, **request: Any) -> KeysetRows[Document]:
        self.queries = 0
        return asyncio.run(self.pager.read(self.pager.decode(PageRequest(**request)), self.find, sort_key_of))


def numbers_of(page: KeysetRows[Document]) -> list[int]:
    return [row["n"] for row in page.rows]


@given(st.lists(numbers, max_size=9).map(sorted), st.integers(1, 5), st.booleans())
def test_pages_in_either_direction_show_each_row_once(listed: list[int], size: int, is_backward: bool) -> None:
    source, seen, cursor = Rows(listed), list[int](), None
    for _ in range(20):
        page = source.page(last=size, before=cursor) if is_backward else source.page(first=size, after=cursor)
        ids = [row["_id"] for row in page.rows]
        seen = [*ids, *seen] if is_backward else [*seen, *ids]
        has_more, has_less = (page[2], page[1]) if is_backward else (page[1], page[2])
        assert has_less is (cursor is not None)
        if not has_more:
            break
        cursor = source.cursor(ids[0] if is_backward else ids[-1])
    assert seen == list(range(len(listed)))


def test_a_page_is_one_query_while_the_row_of_its_cursor_exists() -> None:
    source = Rows([1, 2, 3, 4, 5])
    cursor = source.cursor(1)
    assert (numbers_of(source.page(first=2, after=cursor)), source.queries) == ([3, 4], 1)
    del source.documents[1]
    page = source.page(first=2, after=cursor)
    assert (numbers_of(page), page.has_previous, source.queries) == ([3, 4], True, 2)
    del source.documents[0]
    page = source.page(first=2, after=cursor)
    assert (numbers_of(page), page.has_previous, source.queries) == ([3, 4], False, 2)


def test_a_page_between_two_cursors_excludes_both() -> None:
    source = Rows([1, 2, 3, 4, 5])
    between = {"after": source.cursor(0), "before": source.cursor(4)}
    for request, shown in (({"first": 2}, [2, 3]), ({"last": 2}, [3, 4]), ({"first": 9}, [2, 3, 4])):
        page = source.page(**request, **between)
        assert (numbers_of(page), page.has_next, page.has_previous) == (shown, True, True)


def test_the_last_page_has_no_next_one() -> None:
    source = Rows([1, 2, 3])
    page = source.page(first=3)
    assert (numbers_of(page), page.has_next, page.has_previous) == ([1, 2, 3], False, False)
    page = source.page(last=1)
    assert (numbers_of(page), page.has_next, page.has_previous) == ([3], False, True)
    assert source.page(first=3, after=source.cursor(2)) == ([], False, True)


def test_rejects_the_cursor_of_another_list() -> None:
    source = Rows([1])
    other = KeysetPager(b"letters..", source.columns)
    for request in (PageRequest(after=source.cursor(0)), PageRequest(before=source.cursor(0))):
        with pytest.raises(InvalidCursor):
            other.decode(request)


def test_the_reverse_of_an_order_inverts_every_column() -> None:
    of = (Column("rate", 1, "number or null"), Column("_id", -1))
    assert inverted(of) == (Column("rate", -1, "number or null"), Column("_id", 1))
    assert inverted(inverted(of)) == of
