"""Tables of calling engagement, a page at a time: customers in sight, joined with their sums of a week.

The join is made in the database from the customers' index of names and the sums, and reads no more than belonging
and order ask for; the rows of a page are then filled in, with one query for each kind of document. So names,
removals and licences are always those of now, whatever a roll-up knew of them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from domain.cursors.list import list_digest
from domain.paging import Page, PageRequest
from store.calling.dataset import CallDataset
from store.customers.queries import COLLECTION
from store.database.client import Document
from store.database.keyset import Column, KeysetPager, SortKey, keyset_conditions, sort_key_of

Row = TypeVar("Row")
Stages = Sequence[Mapping[str, Any]]


class CallTable(Struct, Generic[Row], frozen=True):
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
        """Return one page; raise InvalidCursor for a cursor of another list."""
        pager = KeysetPager(list_digest(self.dataset.scope.partner_id, self.name, self.columns), self.columns)
        documents, has_next, has_previous = await pager.read(pager.decode(request), self._find, sort_key_of)
        rows = await self.read_rows(documents) if documents else ()
        sort_keys = {
            id(row): sort_key_of(self.columns, document) for row, document in zip(rows, documents, strict=True)
        }
        return Page(rows, has_next, has_previous, lambda row: pager.cursor(sort_keys[id(row)]))

    async def _find(
        self, columns: tuple[Column, ...], start: SortKey | None, end: SortKey | None, limit: int
    ) -> list[Document]:
        scope = self.dataset.scope
        customers: Stages = [{"$match": scope.match_customers()}, {"$project": {"name_folded": 1}}]
        bounds: Stages = [] if start is None else [{"$match": {"$or": keyset_conditions(columns, start)}}]
        if end is not None:
            bounds = [*bounds, {"$match": {"$nor": keyset_conditions(columns, end)}}]
        order: Stages = [{"$sort": {column.field: column.direction for column in columns}}, {"$limit": limit}]
        return await scope.collection(COLLECTION).aggregate([*customers, *self.stages, *bounds, *order])
