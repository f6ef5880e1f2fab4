"""One page of a list in any collection but customers: keyset paging both ways over one index."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.cursors.list import decode_list_cursor, encode_list_cursor, list_digest
from domain.paging import Page, PageRequest
from store.database.client import Document
from store.database.keyset import Column, keyset_conditions, sort_key_of
from store.database.scope import Scope

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """A list: whose rows, in which order, and how a stored one is read; `where` holds the tenant's condition.

    The last column is `_id`, so that the order is total; `identity` tells this list from others.
    """

    scope: Scope
    collection: str
    where: Mapping[str, Any]
    columns: tuple[Column, ...]
    read: Callable[[Document], Row]
    identity: object = None

    async def page(self, request: PageRequest) -> Page[Row]:
        """One page; InvalidCursor for a cursor of another list."""
        digest = self._digest
        kinds = [column.kind for column in self.columns]
        after, before = (
            None if cursor is None else decode_list_cursor(digest, kinds, cursor)
            for cursor in (request.after, request.before)
        )
        columns, start, end = self.columns, after, before
        if request.is_backward:
            columns, start, end = tuple(column.inverted for column in columns), before, after
        bounds: list[Document] = [] if start is None else [{"$or": keyset_conditions(columns, start, inclusive=False)}]
        if end is not None:
            bounds.append({"$nor": keyset_conditions(columns, end)})
        rows = await self._rows(columns, bounds, request.size + 1)
        is_ahead = len(rows) > request.size or (end is not None and await self._has_any(columns, end))
        turned = tuple(column.inverted for column in columns)
        is_behind = start is not None and await self._has_any(turned, start)
        has_next, has_previous = (is_behind, is_ahead) if request.is_backward else (is_ahead, is_behind)
        shown = rows[: request.size]
        return self._build_page(shown[::-1] if request.is_backward else shown, has_next, has_previous)

    def first_page(self, rows: Sequence[Document], size: int) -> Page[Row]:
        """The first page, of rows that were read with those of other lists: one more than it holds, if there is one."""
        return self._build_page(rows[:size], len(rows) > size, has_previous=False)

    def _build_page(self, rows: Sequence[Document], has_next: bool, has_previous: bool) -> Page[Row]:
        places = [(self.read(row), sort_key_of(self.columns, row)) for row in rows]
        cursors = {id(read): place for read, place in places}
        digest = self._digest
        return Page(
            [read for read, _ in places],
            has_next,
            has_previous,
            lambda row: encode_list_cursor(digest, cursors[id(row)]),
        )

    @property
    def _digest(self) -> bytes:
        return list_digest(self.scope.partner_id, self.collection, self.columns, self.identity)

    async def count(self) -> int:
        """How many rows the list has."""
        return await self.scope.collection(self.collection).count(self.where)

    async def _rows(self, columns: tuple[Column, ...], bounds: list[Document], limit: int) -> list[Document]:
        where = {**self.where, "$and": bounds} if bounds else dict(self.where)
        sort = [(column.field, column.direction) for column in columns]
        return await self.scope.collection(self.collection).find(where, sort=sort, limit=limit)

    async def _has_any(self, columns: tuple[Column, ...], place: tuple[Any, ...]) -> bool:
        """Whether the row at the place still stands, or one lies behind it."""
        return bool(await self._rows(columns, [{"$or": keyset_conditions(columns, place)}], 1))
