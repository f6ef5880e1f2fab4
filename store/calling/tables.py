"""Tables of calling engagement, a page at a time: customers in sight, joined with their sums of a week.

The join is made in the database from the customers' index of names and the sums, and reads no more than belonging
and order ask for; the rows of a page are then filled in, with one query for each kind of document. So names,
removals and licences are always those of now, whatever a roll-up knew of them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.cursors.list import CursorValue, decode_list_cursor, encode_list_cursor, list_digest
from domain.paging import Page, PageRequest
from store.calling.dataset import CallDataset
from store.customers.queries import COLLECTION
from store.database.client import Document
from store.database.keyset import Column, keyset_conditions, sort_key_of

Row = TypeVar("Row")
SortKey = tuple[CursorValue, ...]
Stages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class CallTable(Generic[Row]):
    """A table of customers.

    `stages` lead from customers with an id and a folded name to those that belong to it, with what `columns` sort by;
    `read_rows` makes rows of them, in their order. `count` says how many there are, and needs no names for that.
    """

    dataset: CallDataset
    name: str
    stages: Stages
    columns: tuple[Column, ...]
    read_rows: Callable[[Sequence[Document]], Awaitable[Sequence[Row]]]
    count: Callable[[], Awaitable[int]]

    async def page(self, request: PageRequest) -> Page[Row]:
        """One page forwards; InvalidCursor for a cursor of another list."""
        digest = list_digest(self.dataset.scope.partner_id, self.name, self.columns)
        kinds = [column.kind for column in self.columns]
        start = None if request.after is None else decode_list_cursor(digest, kinds, request.after)
        # The row at the cursor is asked for too: where it still stands, something lies behind without a query.
        found = await self._find(self.columns, start, request.size + (1 if start is None else 2))
        is_there = bool(found) and start is not None and sort_key_of(self.columns, found[0]) == start
        if is_there:
            del found[0]
        has_previous = is_there or (start is not None and await self._has_any_before(start))
        shown = found[: request.size]
        rows = await self.read_rows(shown) if shown else ()
        places = {id(row): sort_key_of(self.columns, one) for row, one in zip(rows, shown, strict=True)}
        return Page(
            rows, len(found) > len(shown), has_previous, lambda row: encode_list_cursor(digest, places[id(row)])
        )

    async def _has_any_before(self, place: SortKey) -> bool:
        return bool(await self._find(tuple(column.inverted for column in self.columns), place, 1))

    async def _find(self, columns: tuple[Column, ...], start: SortKey | None, limit: int) -> list[Document]:
        scope = self.dataset.scope
        customers: Stages = [{"$match": scope.match_customers()}, {"$project": {"name_folded": 1}}]
        bounds: Stages = [] if start is None else [{"$match": {"$or": keyset_conditions(columns, start)}}]
        order: Stages = [{"$sort": {column.field: column.direction for column in columns}}, {"$limit": limit}]
        return await scope.collection(COLLECTION).aggregate([*customers, *self.stages, *bounds, *order])
