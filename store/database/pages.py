"""One page of a list in any collection but customers: keyset pagination in both directions over one index."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from domain.cursors.list import list_digest
from domain.paging import Page, PageRequest
from store.database.client import Document
from store.database.keyset import Column, KeysetPager, SortKey, keyset_conditions, sort_documents, sort_key_of
from store.database.scope import Scope
from store.database.stored_fields import Projection, projection_document

Row = TypeVar("Row")
# The most rows that a query of few of them goes over: a tenth of a second.
MAX_EXAMINED: Final = 50_000
# The most rows that are read at once for a filter: 2 MB.
_MAX_FILTERED: Final = 2_000


class RowFilter(Protocol):
    """What decides, beside the list's condition, which documents are rows."""

    async def keep(self, documents: Sequence[Document]) -> list[Document]:
        """Return the documents that are rows, in their order."""

    async def conditions(self) -> Sequence[Mapping[str, Any]]:
        """Return the same decision as conditions, like the parts of a list."""


class RowTotal(Struct):
    """The number of rows of a list; None until a page of the list was read."""

    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Computed:
    """Fields that MongoDB computes of each matching document, and the condition on them. They can be columns.

    A page needs the fields of all documents, so the `total` is counted with the first one.
    """

    stages: Sequence[Document]
    where: Document
    total: RowTotal = field(default_factory=RowTotal, compare=False)


class Listing(Struct, Generic[Row], frozen=True):
    """A list: its collection, its condition `where` (with the tenant's), its order, and how a document becomes a row.

    The last column is `_id`, so that the order is total; `identity` tells this list from others. A row meets exactly
    one condition of `parts`, which are read one after the other: together they would be too large for one query.
    `projection` are the stored keys that are needed of a row. A list with `computed` fields has no index of its order:
    MongoDB computes them of all documents that match `where`, and sorts these. `index` has the order of the list, None
    leaves the choice to MongoDB.
    A list has parts or a `row_filter`.
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
    index: str | None = None
    row_filter: RowFilter | None = None
    max_examined: int = MAX_EXAMINED

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
        if self.computed is not None:
            if self.computed.total.rows is None:
                await self._read_computed(self.computed, _Range(self.columns, None, None), 1)
            return self.computed.total.rows or 0
        collection = self.scope.collection(self.collection)
        parts = self.parts if self.row_filter is None else await self.row_filter.conditions()
        return sum([await collection.count({**self.where, **part}) for part in parts])

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
        rows, range_, size = list[Document](), _Range(columns, start, end), limit
        while True:
            documents = await self._read(range_, size)
            if self.row_filter is None:
                return documents
            rows += await self.row_filter.keep(documents)
            if len(rows) >= limit or len(documents) < size:
                return rows[:limit]
            range_ = range_.behind(documents[-1])
            # As many as will probably fill the page.
            size = min(_MAX_FILTERED, limit + (limit - len(rows)) * len(documents) // max(1, len(rows)))

    async def _read_computed(self, computed: Computed, range_: "_Range", limit: int) -> list[Document]:
        """Return the first rows of the range; keep the number of all rows of the list."""
        rows = [*({"$match": bound} for bound in range_.filters), {"$sort": range_.sort}, {"$limit": limit}]
        both = {"$facet": {"rows": rows, "counts": [{"$count": "rows"}]}}
        documents, total = list[Document](), 0
        for part in self.parts:
            stages = [{"$match": {**self.where, **part}}, *computed.stages, {"$match": computed.where}, both]
            for found in await self.scope.collection(self.collection).aggregate(stages):
                documents += found["rows"]
                total += sum(count["rows"] for count in found["counts"])
        computed.total.rows = total
        return sort_documents(range_.columns, documents)[:limit]

    async def _read(self, range_: "_Range", limit: int) -> list[Document]:
        if self.computed is not None:
            return await self._read_computed(self.computed, range_, limit)
        documents: list[Document] = []
        for number, part in enumerate(self.parts):
            documents += await self._read_part(part, range_, limit)
            if number > 0:
                documents = sort_documents(range_.columns, documents)[:limit]
        return documents

    async def _read_part(self, part: Mapping[str, Any], range_: "_Range", limit: int) -> list[Document]:
        if not part or self.index is None:
            return await self._query(part, range_, limit)
        documents: list[Document] = []
        while True:
            # Few rows can match, and all that lie between them are examined: one query could exceed its time.
            border = await self._find_border(range_)
            documents += await self._query(part, range_.before(border), limit - len(documents))
            if border is None or len(documents) >= limit:
                return documents
            range_ = range_.starting_at(border)

    async def _find_border(self, range_: "_Range") -> Document | None:
        """Return the sort key of the row that lies `max_examined` rows further, read from the index alone."""
        fields = dict.fromkeys((column.field for column in range_.columns), 1)
        where, sort = range_.bound({**self.where}), list(range_.sort.items())
        rows = await self.scope.collection(self.collection).find(
            where, {"_id": 0} | fields, sort=sort, limit=1, skip=self.max_examined, hint=self.index
        )
        return rows[0] if rows else None

    async def _query(self, part: Mapping[str, Any], range_: "_Range", limit: int) -> list[Document]:
        fields = None if self.projection is None else projection_document(self.projection, *range_.sort)
        sort = list(range_.sort.items())
        if self.index is None:
            # MongoDB would sort all rows behind the start where an index serves the order by several ranges.
            where = {**self.where, **part, **({"$and": range_.filters} if range_.filters else {})}
        else:
            # The part, of up to 4 MB, stands in the query once.
            where = {**part, **range_.bound(self.where)}
        return await self.scope.collection(self.collection).find(where, fields, sort=sort, limit=limit, hint=self.index)


class _Range(Struct, frozen=True):
    """The rows from `start` on and before `end`, in the order of the columns."""

    columns: tuple[Column, ...]
    start: SortKey | None
    end: SortKey | None
    is_start_included: bool = True

    @property
    def sort(self) -> dict[str, int]:
        """The sort of a query."""
        return {column.field: column.direction for column in self.columns}

    @property
    def filters(self) -> list[Document]:
        """The conditions of the range, for documents that are sorted afterwards."""
        return [*([] if self.start is None else [{"$or": self._start_ranges()}]), *self._end_filters()]

    def _start_ranges(self) -> list[Document]:
        return keyset_conditions(self.columns, self.start or (), inclusive=self.is_start_included)

    def _end_filters(self) -> list[Document]:
        return [] if self.end is None else [{"$nor": keyset_conditions(self.columns, self.end)}]

    def bound(self, where: Mapping[str, Any]) -> Document:
        """Return the condition of the rows of a list within the range.

        Each branch has the whole condition, so that an index can only be used from the start on: MongoDB would keep
        the plan of the second page, which reads from the first row on.
        """
        within = self._end_filters()
        if self.end is not None:
            # Ends the scan, which the filter does not.
            within = [self.columns[0].inverted.at_or_after(self.end[0]), *within]
        if self.start is None:
            return {**where, "$and": within} if within else dict(where)
        return {"$or": [{"$and": [where, range_, *within]} for range_ in self._start_ranges()]}

    def behind(self, document: Document) -> "_Range":
        """Return the rows that follow a document."""
        return _Range(self.columns, sort_key_of(self.columns, document), self.end, is_start_included=False)

    def starting_at(self, document: Document) -> "_Range":
        """Return the rows from a document on."""
        return _Range(self.columns, sort_key_of(self.columns, document), self.end)

    def before(self, document: Document | None) -> "_Range":
        """Return the rows before a document; all where there is none."""
        return self if document is None else replace(self, end=sort_key_of(self.columns, document))
