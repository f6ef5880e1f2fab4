"""One page of a list in any collection but customers: keyset pagination in both directions over one index."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.cursors.list import list_digest
from domain.paging import Page, PageRequest
from store.database.client import Document
from store.database.keyset import Column, KeysetPager, SortKey, keyset_conditions, sort_documents, sort_key_of
from store.database.scope import Scope
from store.database.stored_fields import Projection, projection_document

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Computed:
    """Fields that MongoDB computes of each matching document, and the condition on them. They can be columns."""

    stages: Sequence[Document]
    where: Document


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """A list: its collection, its condition `where` (with the tenant's), its order, and how a document becomes a row.

    The last column is `_id`, so that the order is total; `identity` tells this list from others. A row meets exactly
    one condition of `parts`, which are read one after the other: together they would be too large for one query.
    `projection` are the stored keys that are needed of a row. A list with `computed` fields has no index of its order:
    MongoDB computes them of all documents that match `where`, and sorts these.
    """

    scope: Scope
    collection: str
    where: Mapping[str, Any]
    columns: tuple[Column, ...]
    read: Callable[[Document], Row]
    identity: object = None
    parts: Sequence[Mapping[str, Any]] = ({},)
    projection: Projection = None
    computed: Computed | None = None

    async def page(self, request: PageRequest) -> Page[Row]:
        """Return one page; raise InvalidCursor for a cursor of another list."""
        pager = self._pager
        rows, has_next, has_previous = await pager.read(pager.decode(request), self._find, sort_key_of)
        return self._build_page(rows, has_next=has_next, has_previous=has_previous)

    def first_page(self, documents: Sequence[Document], size: int) -> Page[Row]:
        """Return the first page from documents that a query for several lists read, at most `size` + 1."""
        return self._build_page(documents[:size], has_next=len(documents) > size, has_previous=False)

    def last_page(self, documents: Sequence[Document], size: int) -> Page[Row]:
        """Return the last page from documents in the reverse order of the list, at most `size` + 1."""
        return self._build_page(documents[:size][::-1], has_next=False, has_previous=len(documents) > size)

    async def count(self) -> int:
        """Return the number of rows of the list."""
        collection = self.scope.collection(self.collection)
        if self.computed is None:
            return sum([await collection.count({**self.where, **part}) for part in self.parts])
        stages = [*self._computed_stages([]), {"$count": "rows"}]
        counts = [await collection.aggregate([{"$match": {**self.where, **part}}, *stages]) for part in self.parts]
        return sum(count[0]["rows"] for count in counts if count)

    def _computed_stages(self, bounds: Sequence[Document]) -> list[Document]:
        """Return the stages that compute the fields, and select the documents within the bounds."""
        computed = self.computed or Computed((), {})
        return [*computed.stages, {"$match": {"$and": [computed.where, *bounds]}}]

    @property
    def _pager(self) -> KeysetPager:
        digest = list_digest(self.scope.partner_id, self.collection, self.columns, self.identity)
        return KeysetPager(digest, self.columns)

    def _build_page(self, documents: Sequence[Document], *, has_next: bool, has_previous: bool) -> Page[Row]:
        rows = [self.read(document) for document in documents]
        sort_keys = {
            id(row): sort_key_of(self.columns, document) for row, document in zip(rows, documents, strict=True)
        }
        pager = self._pager
        return Page(rows, has_next, has_previous, lambda row: pager.cursor(sort_keys[id(row)]))

    async def _find(
        self, columns: tuple[Column, ...], start: SortKey | None, end: SortKey | None, limit: int
    ) -> list[Document]:
        bounds: list[Document] = [] if start is None else [{"$or": keyset_conditions(columns, start)}]
        if end is not None:
            bounds.append({"$nor": keyset_conditions(columns, end)})
        sort, documents = {column.field: column.direction for column in columns}, list[Document]()
        for number, part in enumerate(self.parts):
            documents += await self._find_in_part(part, bounds, sort, limit)
            if number > 0:
                documents = sort_documents(columns, documents)[:limit]
        return documents

    async def _find_in_part(
        self, part: Mapping[str, Any], bounds: Sequence[Document], sort: Mapping[str, int], limit: int
    ) -> list[Document]:
        collection, where = self.scope.collection(self.collection), {**self.where, **part}
        if self.computed is not None:
            stages = [*self._computed_stages(bounds), {"$sort": sort}, {"$limit": limit}]
            return await collection.aggregate([{"$match": where}, *stages])
        fields = None if self.projection is None else projection_document(self.projection, *sort)
        bounded = {**where, "$and": bounds} if bounds else where
        return await collection.find(bounded, fields, sort=list(sort.items()), limit=limit)
