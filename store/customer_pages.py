"""One page of a list of customers: keyset paging both ways, one query as long as the cursor's row still stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.customer_filter import AllOf, simplified
from domain.list_cursors import Value, list_digest, read_cursor, write_cursor
from domain.paging import Page, PageRequest
from store.client import Document
from store.customer_documents import PROJECTION, CustomerDocument
from store.customer_orders import Column, CustomerOrder, from_place, place_of
from store.customer_plans import Plan, choose_plan, implied_range
from store.customer_queries import COLLECTION, customers_where, is_empty
from store.scope import Scope

Place = tuple[Value, ...]


async def read_page(
    scope: Scope, condition: AllOf, order: CustomerOrder, request: PageRequest
) -> Page[CustomerDocument]:
    """The page; InvalidCursor where a cursor is of another list, even if the list is empty."""
    digest = list_digest(scope.partner_id, str(order.field), str(order.direction), condition)
    kinds = [column.kind for column in order.columns]
    after, before = (
        None if cursor is None else read_cursor(digest, kinds, cursor) for cursor in (request.after, request.before)
    )

    def cursor_of(row: CustomerDocument) -> str:
        return write_cursor(digest, place_of(order.columns, row.document))

    wanted = simplified(condition)
    if is_empty(wanted):
        return Page((), False, False, cursor_of)
    columns, start, end = order.columns, after, before
    if request.is_backward:
        columns, start, end = tuple(column.reversed for column in columns), before, after
    plan = await choose_plan(scope, wanted, order)
    where = customers_where(scope, wanted, implied_range(scope, wanted, order))
    walk = _Walk(scope, where, columns, plan)
    rows, is_behind, is_ahead = await walk.stretch(start, end, request.size)
    documents = [CustomerDocument(row) for row in (reversed(rows) if request.is_backward else rows)]
    has_next, has_previous = (is_behind, is_ahead) if request.is_backward else (is_ahead, is_behind)
    return Page(documents, has_next, has_previous, cursor_of)


@dataclass(frozen=True, slots=True)
class _Walk:
    """A list in one direction: everything below is seen in that direction."""

    scope: Scope
    where: Document
    columns: tuple[Column, ...]
    plan: Plan

    async def stretch(self, start: Place | None, end: Place | None, size: int) -> tuple[list[Document], bool, bool]:
        """At most `size` rows between the places, and whether others lie behind and ahead of them."""
        # The row at the start itself is asked for too: where it still stands, something lies behind without a query.
        rows = await self._rows(start, end, size + (1 if start is None else 2))
        is_start_there = bool(rows) and start is not None and place_of(self.columns, rows[0]) == start
        if is_start_there:
            del rows[0]
        is_behind = is_start_there or (start is not None and await self._has_any(self.reversed, start, inclusive=False))
        is_ahead = len(rows) > size or (end is not None and await self._has_any(self.columns, end, inclusive=True))
        return rows[:size], is_behind, is_ahead

    @property
    def reversed(self) -> tuple[Column, ...]:
        """The order of the opposite direction."""
        return tuple(column.reversed for column in self.columns)

    async def _rows(self, start: Place | None, end: Place | None, limit: int) -> list[Document]:
        ranges: list[Document] = []
        bounds: list[Document] = []
        if start is not None:
            ranges = from_place(self.columns, start, inclusive=True)
        if end is not None:
            bounds.append({"$or": from_place(self.reversed, end, inclusive=False)})
        return await self._find(ranges, bounds, self.columns, PROJECTION, limit)

    async def _has_any(self, columns: Sequence[Column], place: Place, *, inclusive: bool) -> bool:
        ranges = from_place(columns, place, inclusive=inclusive)
        return bool(await self._find(ranges, [], columns, {"_id": 1}, 1))

    async def _find(
        self,
        ranges: list[Document],
        bounds: list[Document],
        columns: Sequence[Column],
        projection: Document,
        limit: int,
    ) -> list[Document]:
        stretches = self._stretches(ranges)
        where = {**self.where, "$and": [*self.where.get("$and", ()), *stretches, *bounds]}
        if not where["$and"]:
            del where["$and"]
        sort = [(column.field, column.direction) for column in columns]
        index = self.plan.index
        return await self.scope.collection(COLLECTION).find(where, projection, sort=sort, limit=limit, hint=index)

    def _stretches(self, ranges: list[Document]) -> list[Document]:
        """The ranges within each status that the index begins with: MongoDB does not multiply the two by itself."""
        statuses = [{"statuses": status} for status in self.plan.statuses]
        if not ranges or len(statuses) < 2:
            return [_any(some) for some in (statuses, ranges) if some]
        return [{"$or": [{**status, **one} for status in statuses for one in ranges]}]


def _any(conditions: list[Document]) -> Document:
    return conditions[0] if len(conditions) == 1 else {"$or": conditions}
