"""One page of a list of customers: keyset paging both ways, one query as long as the cursor's row still stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.customer_filter import AllOf, simplified
from domain.list_cursors import Value, list_digest, read_cursor, write_cursor
from domain.paging import Page, PageRequest
from store.client import Document
from store.customer_documents import PROJECTION, CustomerDocument
from store.customer_orders import DEFAULT_COLUMNS, KEYS_INDEX, Column, CustomerOrder, from_place, place_of
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
        from_start = [] if start is None else self._from(self.columns, start)
        to_end = [] if end is None else [{"$nor": from_place(self.columns, end, inclusive=True)}]
        rows = await self._find(self.columns, [*from_start, *to_end], size + (1 if start is None else 2), PROJECTION)
        is_start_there = bool(rows) and start is not None and place_of(self.columns, rows[0]) == start
        if is_start_there:
            del rows[0]
        is_behind = is_start_there or (start is not None and await self._has_any(_reversed(self.columns), start))
        is_ahead = len(rows) > size or (end is not None and await self._has_any(self.columns, end))
        return rows[:size], is_behind, is_ahead

    async def _has_any(self, columns: Sequence[Column], place: Place) -> bool:
        return bool(await self._find(columns, self._from(columns, place), 1, {"_id": 1}))

    def _from(self, columns: Sequence[Column], place: Place) -> list[Document]:
        """The rows at a place and behind it, in the words that let the plan's index begin there."""
        not_before = {"$nor": from_place(_reversed(columns), place, inclusive=False)}
        if len(columns) == len(DEFAULT_COLUMNS):
            return [columns[0].from_value(place[0]), not_before]
        if self.plan.index == KEYS_INDEX:
            return [not_before]
        # Thousands may share a first value (no sign-in yet): each range is a stretch of the index of its own.
        ranges = from_place(columns, place, inclusive=True)
        return [{"$or": [{**status, **one} for status in self._statuses() for one in ranges]}]

    def _statuses(self) -> list[Document]:
        # MongoDB does not multiply statuses and ranges by itself.
        return [{"statuses": status} for status in self.plan.statuses] or [{}]

    async def _find(
        self, columns: Sequence[Column], bounds: list[Document], limit: int, projection: Document
    ) -> list[Document]:
        if self.plan.statuses:
            bounds = [{"statuses": {"$in": list(self.plan.statuses)}}, *bounds]
        where = {**self.where, "$and": [*self.where.get("$and", ()), *bounds]}
        if not where["$and"]:
            del where["$and"]
        sort = [(column.field, column.direction) for column in columns]
        index = self.plan.index
        return await self.scope.collection(COLLECTION).find(where, projection, sort=sort, limit=limit, hint=index)


def _reversed(columns: Sequence[Column]) -> tuple[Column, ...]:
    return tuple(column.reversed for column in columns)
