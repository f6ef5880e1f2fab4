"""Reads the rows of a planned list: range after range, from a position on, in either direction."""

from collections.abc import Sequence

from msgspec import Struct

from domain.cursors.list import CursorValue
from domain.failures import InvalidCursor
from store.customers.documents import CustomerDocument
from store.customers.list_planner.list_ranges import ListRange, QueryPlan
from store.customers.list_planner.range_scans import RangeScan
from store.database.keyset import Column, SortKey
from store.database.scope import Scope
from store.database.stored_fields import Projection


class KeysetReader(Struct, frozen=True):
    """A list's plan; `columns` are those of the list, forwards. `projection` are the stored keys that are needed."""

    scope: Scope
    plan: QueryPlan
    columns: tuple[Column, ...]
    projection: Projection = None

    async def find(
        self, columns: tuple[Column, ...], start: SortKey | None, end: SortKey | None, limit: int
    ) -> list[CustomerDocument]:
        """Return at most `limit` rows in the order of `columns`: those of the list, or their reverse."""
        list_ranges = self.plan if columns == self.columns else self.plan[::-1]
        first = 0 if start is None else _position(list_ranges, start[0])
        last = len(list_ranges) - 1 if end is None else _position(list_ranges, end[0])
        rows: list[CustomerDocument] = []
        for position in range(first, last + 1):
            if len(rows) < limit:
                scan = RangeScan(
                    list_ranges[position],
                    columns,
                    start if position == first else None,
                    end if position == last else None,
                )
                rows += await scan.read(self.scope, limit - len(rows), self.projection)
        return rows


def _position(list_ranges: Sequence[ListRange], value: CursorValue) -> int:
    """Return the position of the range with the sort value; raise InvalidCursor where no row can have it."""
    for position, list_range in enumerate(list_ranges):
        if list_range.values.contains(value):
            return position
    raise InvalidCursor
