"""Rows of an order whose values run against its index, while ties still go by name: the newest first, for instance.

The index is read backwards, and whoever ties is put right afterwards. A group of ties that is cut off by the limit is
read by itself, in its own order; so is the group of those without a value, who come last either way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from domain.cursors.list import CursorValue
from store.customers.list_planner.orders import CustomerOrder
from store.customers.list_planner.range_scans import KeyRanges, RangeScan
from store.database.client import Document
from store.database.keyset import Column

SortKey = tuple[CursorValue, ...]
_A_FEW_TIES = 5


@dataclass(frozen=True, slots=True)
class Mirror:
    """`columns` are those of the walk; values are those that the index stores."""

    scan: RangeScan
    order: CustomerOrder
    columns: tuple[Column, ...]

    async def rows(self, start: SortKey | None, filters: Sequence[Document], limit: int) -> list[Document]:
        """At most `limit` rows from the start on, in the order of the columns; the filters drop what lies before."""
        place = None if start is None else (self._stored(start[0]), *start[1:])
        found: list[Document] = []
        null = self.order.null_sentinel
        is_among_null = place is not None and null is not None and place[0] == null
        nulls_come_first = self._step != self._list_step
        if null is not None and nulls_come_first and (place is None or is_among_null):
            found = await self._group(null, place, filters, limit)
        if len(found) < limit and (nulls_come_first or not is_among_null):
            found += await self._values(None if is_among_null else place, filters, limit - len(found))
        if null is not None and not nulls_come_first and len(found) < limit:
            found += await self._group(null, place, filters, limit - len(found))
        return found

    @property
    def _step(self) -> int:
        """1 or -1: which way the stored values go along the walk."""
        return self.columns[0].direction

    @property
    def _list_step(self) -> int:
        return self.order.columns[0].direction

    @property
    def _ties(self) -> tuple[Column, ...]:
        return self.columns[1:]

    def _stored(self, value: CursorValue) -> CursorValue:
        return self.order.null_sentinel if value is None else value

    async def _values(self, place: SortKey | None, filters: Sequence[Document], limit: int) -> list[Document]:
        field, found = self.order.index_column.field, list[Document]()
        sort = [(field, self._step), *((column.field, -column.direction) for column in self._ties)]
        key_ranges = self._from(place)
        while True:
            # More than are asked for: then most groups of ties end within what was read.
            asked = 2 * limit if self.scan.is_dense else limit + _A_FEW_TIES
            batch = await self.scan.find(key_ranges, filters, sort, asked)
            groups = [list(rows) for _, rows in groupby(batch, itemgetter(field))]
            cut = groups.pop() if len(batch) == asked else None
            found += [row for rows in groups for row in self._in_order(rows)]
            if cut is None or len(found) >= limit:
                return found[:limit]
            value = cut[0][field]
            found += await self._group(value, place, filters, limit - len(found))
            if len(found) >= limit:
                return found
            key_ranges = KeyRanges.single(self._within(self._beyond(value)))

    async def _group(
        self, value: CursorValue, place: SortKey | None, filters: Sequence[Document], limit: int
    ) -> list[Document]:
        """Those with one value, from the place on if it lies among them."""
        is_within = place is not None and place[0] == value
        range_ = self._from_tie(place) if is_within and place is not None else {self.order.index_column.field: value}
        return await self.scan.find(KeyRanges.single(range_), filters, self._sorted_ties(), limit)

    def _sorted_ties(self) -> list[tuple[str, int]]:
        return [(column.field, column.direction) for column in self._ties]

    def _in_order(self, ties: list[Document]) -> list[Document]:
        names = [column.field for column in self._ties]
        is_reverse = self._ties[0].direction < 0
        return sorted(ties, key=lambda row: tuple(row[name] for name in names), reverse=is_reverse)

    def _from(self, place: SortKey | None) -> KeyRanges:
        if place is None:
            return KeyRanges.single(self._within({}))
        bounds = self._within({"$gte" if self._step > 0 else "$lte": place[0]})
        return KeyRanges([self._from_tie(place), self._within(self._beyond(place[0]))], bounds)

    def _from_tie(self, place: SortKey) -> Document:
        """Those with the place's value, from its name on (or its id, where names are the values)."""
        tie = self._ties[0]
        return {self.order.index_column.field: place[0], **tie.at_or_after(place[1])}

    def _beyond(self, value: CursorValue) -> dict[str, Any]:
        return {"$gt" if self._step > 0 else "$lt": value}

    def _within(self, bounds: dict[str, Any]) -> Document:
        """The bounds without those who have no value: what stands for it is the last of all values."""
        both = bounds if self.order.null_sentinel is None else {"$lt": self.order.null_sentinel, **bounds}
        return {self.order.index_column.field: both} if both else {}
