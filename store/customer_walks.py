"""A walk along a list of customers in one direction: stretches of rows from a place, read from the plan's index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

from domain.list_cursors import Value
from store.client import Document
from store.customer_documents import PROJECTION
from store.customer_orders import DEFAULT_COLUMNS, KEYS_INDEX, Column, from_place, place_of
from store.customer_plans import Plan
from store.customer_queries import COLLECTION
from store.scope import Scope

Place = tuple[Value, ...]
_NAME = itemgetter("name_folded")


@dataclass(frozen=True, slots=True)
class Walk:
    """Behind and ahead are meant in the direction of the walk, which may be the opposite of the list's."""

    scope: Scope
    where: Document
    columns: tuple[Column, ...]
    plan: Plan

    async def stretch(self, start: Place | None, end: Place | None, size: int) -> tuple[list[Document], bool, bool]:
        """At most `size` rows between the places, and whether others lie behind and ahead of them."""
        # The row at the start itself is asked for too: where it still stands, something lies behind without a query.
        from_start = [] if start is None else self._from(start)
        to_end = [] if end is None else [{"$nor": from_place(self.columns, end)}]
        rows = await self._rows([*from_start, *to_end], size + (1 if start is None else 2))
        is_start_there = bool(rows) and start is not None and place_of(self.columns, rows[0]) == start
        if is_start_there:
            del rows[0]
        is_behind = is_start_there or (start is not None and await self._turned()._has_any(start))
        is_ahead = len(rows) > size or (end is not None and await self._has_any(end))
        return rows[:size], is_behind, is_ahead

    def _turned(self) -> "Walk":
        return replace(self, columns=tuple(column.reversed for column in self.columns))

    async def _has_any(self, place: Place) -> bool:
        return bool(await self._find(self.plan, self.columns, self._from(place), 1))

    def _from(self, place: Place) -> list[Document]:
        """The rows at a place and behind it, in the words that let the plan's index begin there."""
        if len(self.columns) == len(DEFAULT_COLUMNS):
            return [self.columns[0].from_value(place[0]), self._not_before(place)]
        if self.plan.index == KEYS_INDEX:
            return [self._not_before(place)]
        # Thousands may share a first value (no sign-in yet): each range is a stretch of the index of its own.
        return [{"$or": from_place(self.columns, place)}]

    def _not_before(self, place: Place) -> Document:
        turned = tuple(column.reversed for column in self.columns)
        return {"$nor": from_place(turned, place, inclusive=False)}

    async def _rows(self, bounds: list[Document], limit: int) -> list[Document]:
        if not self.plan.is_mirrored:
            return await self._find(self.plan, self.columns, bounds, limit)
        name, id_ = self.columns
        mirrored = await self._find(self.plan, (name, replace(id_, direction=name.direction)), bounds, limit + 1)
        rows = list(_with_ties(mirrored[:limit], id_))
        if len(mirrored) > limit and _NAME(mirrored[limit]) == _NAME(mirrored[limit - 1]):
            # The last name's customers are cut, and not where the order would cut them: they are read in its own way.
            last = _NAME(mirrored[limit])
            rows = [row for row in rows if _NAME(row) != last]
            rows += await self._find(self.plan, (id_,), [*bounds, {"name_folded": last}], limit - len(rows))
        return rows

    async def _find(self, plan: Plan, columns: Sequence[Column], bounds: list[Document], limit: int) -> list[Document]:
        where = {**self.where, "$and": bounds} if bounds else self.where
        sort = [(column.field, column.direction) for column in columns]
        collection = self.scope.collection(COLLECTION)
        return await collection.find(where, PROJECTION, sort=sort, limit=limit, hint=plan.index)


def _with_ties(rows: list[Document], id_: Column) -> Iterator[Document]:
    for _, of_one_name in groupby(rows, _NAME):
        yield from sorted(of_one_name, key=itemgetter("_id"), reverse=id_.direction < 0)
