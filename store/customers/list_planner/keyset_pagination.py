"""A walk along a list of customers in one direction: stretches of rows from a place, as the plan's index has them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.cursors.list import Value
from store.customers.list_planner.mirrors import Mirror
from store.customers.list_planner.orders import CustomerOrder
from store.customers.list_planner.range_scans import Reach, Stretches
from store.customers.list_planner.urgency_scans import Ranking, Ranks
from store.database.client import Document
from store.database.keyset import Column, from_place, place_of

Place = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """Behind and ahead are meant in the direction of the walk, which may be the opposite of the list's.

    The order of urgency alone has a `ranking`.
    """

    stretches: Stretches
    order: CustomerOrder
    is_backward: bool
    ranking: Ranking | None

    @property
    def columns(self) -> tuple[Column, ...]:
        """The order of the rows as they are walked along."""
        columns = self.order.columns
        return tuple(column.reversed for column in columns) if self.is_backward else columns

    async def stretch(self, start: Place | None, end: Place | None, size: int) -> tuple[list[Document], bool, bool]:
        """At most `size` rows between the places, and whether others lie behind and ahead of them."""
        # The row at the start itself is asked for too: where it still stands, something lies behind without a query.
        to_end = [] if end is None else [{"$nor": from_place(self.columns, end)}]
        rows = await self._rows(start, to_end, size + (1 if start is None else 2))
        is_start_there = bool(rows) and start is not None and place_of(self.columns, rows[0]) == start
        if is_start_there:
            del rows[0]
        is_behind = is_start_there or (start is not None and await self._turned()._has_any(start))
        is_ahead = len(rows) > size or (end is not None and await self._has_any(end))
        return rows[:size], is_behind, is_ahead

    def _turned(self) -> "Walk":
        return replace(self, is_backward=not self.is_backward)

    async def _has_any(self, place: Place) -> bool:
        return bool(await self._rows(place, [], 1))

    async def _rows(self, start: Place | None, to_end: Sequence[Document], limit: int) -> list[Document]:
        """The rows at the start and behind it."""
        filters = list(to_end) if start is None else [*to_end, self._not_before(start)]
        if not self.stretches.plan.sorts:
            if self.ranking is not None:
                return await Ranks(self.stretches, self.ranking, self.order, self.columns).rows(start, filters, limit)
            if not self.order.is_native:
                return await Mirror(self.stretches, self.order, self.columns).rows(start, filters, limit)
        reach = Reach.single({})
        if start is not None and not self.stretches.plan.sorts:
            # Thousands may share a first value (no sign-in yet): each range is a stretch of the index of its own.
            hull = self.columns[0].from_value(start[0])
            reach = Reach(from_place(self.columns, start), hull)
        sort = [(column.field, column.direction) for column in self.columns]
        return await self.stretches.find(reach, filters, sort, limit)

    def _not_before(self, place: Place) -> Document:
        turned = tuple(column.reversed for column in self.columns)
        return {"$nor": from_place(turned, place, inclusive=False)}
