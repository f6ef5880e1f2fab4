"""Keyset pagination: total orders of rows, the conditions for the rows behind a position, and the pager itself."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Struct

from domain.cursors.list import CursorValue, CursorValueKind, decode_list_cursor, encode_list_cursor
from domain.paging import PageRequest
from store.database.client import Document

Row = TypeVar("Row")
# The values of one row in the columns of an order: its position in the list.
SortKey = tuple[CursorValue, ...]


class Column(Struct, frozen=True):
    """One field of a total order: 1 for ascending, -1 for descending.

    In a kind that allows null, null comes last in descending order, because MongoDB sorts it before all values.
    """

    field: str
    direction: int = 1
    kind: CursorValueKind = "text"

    @property
    def inverted(self) -> "Column":
        """The same field in the other direction."""
        return Column(self.field, -self.direction, self.kind)

    def at_or_after(self, value: CursorValue) -> Document:
        """Match rows with this value or a later one, for a field that is never null."""
        return {self.field: {"$gte" if self.direction > 0 else "$lte": value}}

    def after(self, value: CursorValue) -> Document:
        """Match rows with a later value. No comparison of MongoDB's matches null, so null has conditions of its own."""
        if self.kind != "number or null":
            return {self.field: {"$gt" if self.direction > 0 else "$lt": value}}
        if self.direction > 0:
            return {self.field: {"$ne": None} if value is None else {"$gt": value}}
        return {self.field: {"$in": []} if value is None else {"$not": {"$gte": value}}}


DEFAULT_COLUMNS = (Column("name_folded"), Column("_id"))


def sort_key_of(columns: Sequence[Column], document: Mapping[str, Any]) -> SortKey:
    """Return the sort values of a document."""
    return tuple(document[column.field] for column in columns)


def sort_documents(columns: Sequence[Column], documents: Iterable[Document]) -> list[Document]:
    """Return the documents in the order in which MongoDB returns them."""
    in_order = list(documents)
    for column in reversed(columns):
        in_order.sort(key=partial(_rank_value, column.field), reverse=column.direction < 0)
    return in_order


def _rank_value(field: str, document: Mapping[str, Any]) -> tuple[bool, Any]:
    # MongoDB sorts null before all values.
    value = document[field]
    return (False, 0) if value is None else (True, value)


def inverted(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the reverse order."""
    return tuple(column.inverted for column in columns)


def keyset_conditions(
    columns: Sequence[Column], sort_key: Sequence[CursorValue], *, inclusive: bool = True
) -> list[Document]:
    """Return the conditions for the rows behind a sort key, and at it if `inclusive`; each row meets exactly one.

    Each condition is one contiguous range of the order's index, and MongoDB merges the ranges in order. The last
    column must never be null.
    """
    ranges = []
    for depth in range(len(columns) - 1, -1, -1):
        equal = {column.field: value for column, value in zip(columns[:depth], sort_key, strict=False)}
        is_at = inclusive and depth == len(columns) - 1
        rest = columns[depth].at_or_after(sort_key[depth]) if is_at else columns[depth].after(sort_key[depth])
        ranges.append({**equal, **rest})
    return ranges


class KeysetRange(NamedTuple):
    """A request for rows, in the direction in which they are read: from `start` on, before `end`, at most `size`."""

    columns: tuple[Column, ...]
    start: SortKey | None
    end: SortKey | None
    size: int
    is_backward: bool


class KeysetRows(NamedTuple, Generic[Row]):
    """The rows of a page in the order of the list."""

    rows: list[Row]
    has_next: bool
    has_previous: bool


# Reads rows in the order of the columns: at the start or behind it, before the end, at most `limit`.
FindRows = Callable[[tuple[Column, ...], SortKey | None, SortKey | None, int], Awaitable[list[Row]]]
# Returns the sort values of a row: `sort_key_of` for documents.
ReadSortKey = Callable[[Sequence[Column], Row], SortKey]


class KeysetPager(Struct, frozen=True):
    """Turns page requests into reads of ranges, and rows into cursors; `digest` identifies the list."""

    digest: bytes
    columns: tuple[Column, ...]

    def decode(self, request: PageRequest) -> KeysetRange:
        """Return the requested range; raise InvalidCursor for a cursor of another list."""
        kinds = [column.kind for column in self.columns]
        after, before = (
            None if cursor is None else decode_list_cursor(self.digest, kinds, cursor)
            for cursor in (request.after, request.before)
        )
        if request.is_backward:
            return KeysetRange(inverted(self.columns), before, after, request.size, is_backward=True)
        return KeysetRange(self.columns, after, before, request.size, is_backward=False)

    def cursor(self, sort_key: SortKey) -> str:
        """Return the cursor of the row with this sort key."""
        return encode_list_cursor(self.digest, sort_key)

    async def read(
        self, requested: KeysetRange, find: FindRows[Row], read_sort_key: ReadSortKey[Row]
    ) -> KeysetRows[Row]:
        """Read a page: one query while the cursor's row exists, else one more to learn whether a row precedes it."""
        columns, start, end, size, is_backward = requested
        # The row at the start is read too: where it still exists, a row precedes the page without another query.
        rows = await find(columns, start, end, size + (1 if start is None else 2))
        has_before = bool(rows) and start is not None and read_sort_key(columns, rows[0]) == start
        if has_before:
            del rows[0]
        elif start is not None:
            has_before = bool(await find(inverted(columns), start, None, 1))
        has_after = len(rows) > size or (end is not None and bool(await find(columns, end, None, 1)))
        del rows[size:]
        if is_backward:
            return KeysetRows(rows[::-1], has_next=has_before, has_previous=has_after)
        return KeysetRows(rows, has_next=has_after, has_previous=has_before)
