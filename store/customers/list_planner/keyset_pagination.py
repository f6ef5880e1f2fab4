"""A walk along a list of customers in one direction: stretches of rows from a place, as the plan's index has them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.cursors.list import CursorValue
from store.customers.list_planner.mirrors import Mirror
from store.customers.list_planner.orders import CustomerOrder
from store.customers.list_planner.range_scans import KeyRanges, RangeScan
from store.customers.list_planner.urgency_scans import UrgencyReader, UrgencyScan
from store.database.client import Document
from store.database.keyset import Column, keyset_conditions, sort_key_of

SortKey = tuple[CursorValue, ...]


@dataclass(frozen=True, slots=True)
class KeysetReader:
    """Behind and ahead are meant in the direction of the walk, which may be the opposite of the list's.

    The order of urgency alone has a `urgency_scan`.
    """

    scan: RangeScan
    order: CustomerOrder
    is_backward: bool
    urgency_scan: UrgencyScan | None

    @property
    def columns(self) -> tuple[Column, ...]:
        """The order of the rows as they are walked along."""
        columns = self.order.columns
        return tuple(column.inverted for column in columns) if self.is_backward else columns

    async def read(self, start: SortKey | None, end: SortKey | None, size: int) -> tuple[list[Document], bool, bool]:
        """At most `size` rows between the places, and whether others lie behind and ahead of them."""
        # The row at the start itself is asked for too: where it still stands, something lies behind without a query.
        to_end = [] if end is None else [{"$nor": keyset_conditions(self.columns, end)}]
        rows = await self._rows(start, to_end, size + (1 if start is None else 2))
        is_start_there = bool(rows) and start is not None and sort_key_of(self.columns, rows[0]) == start
        if is_start_there:
            del rows[0]
        is_behind = is_start_there or (start is not None and await self._reversed()._has_any(start))
        is_ahead = len(rows) > size or (end is not None and await self._has_any(end))
        return rows[:size], is_behind, is_ahead

    def _reversed(self) -> "KeysetReader":
        return replace(self, is_backward=not self.is_backward)

    async def _has_any(self, place: SortKey) -> bool:
        return bool(await self._rows(place, [], 1))

    async def _rows(self, start: SortKey | None, to_end: Sequence[Document], limit: int) -> list[Document]:
        """The rows at the start and behind it."""
        filters = list(to_end) if start is None else [*to_end, self._not_before(start)]
        if not self.scan.plan.needs_sort:
            if self.urgency_scan is not None:
                return await UrgencyReader(self.scan, self.urgency_scan, self.order, self.columns).rows(
                    start, filters, limit
                )
            if not self.order.is_index_order:
                return await Mirror(self.scan, self.order, self.columns).rows(start, filters, limit)
        key_ranges = KeyRanges.single({})
        if start is not None and not self.scan.plan.needs_sort:
            # Thousands may share a first value (no sign-in yet): each range is a stretch of the index of its own.
            bounds = self.columns[0].at_or_after(start[0])
            key_ranges = KeyRanges(keyset_conditions(self.columns, start), bounds)
        sort = [(column.field, column.direction) for column in self.columns]
        return await self.scan.find(key_ranges, filters, sort, limit)

    def _not_before(self, place: SortKey) -> Document:
        turned = tuple(column.inverted for column in self.columns)
        return {"$nor": keyset_conditions(turned, place, inclusive=False)}
