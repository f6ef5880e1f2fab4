"""Rows in the order of urgency: its ranks are few, so each is a stretch of its own, and MongoDB merges them.

Most of a partner has the calmest rank, and who ties goes by name, as the beginnings of words do: a walk among the calm
for a word would pass everybody before it. So where a list asks for words, the calm are read by these, from the index
that has the order of names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.cursors.list import CursorValue
from domain.customers.filter import Condition
from domain.customers.projection import NO_URGENCY
from domain.customers.urgency_filter import LOWEST_URGENCY, possible_urgency_ranks, restrict_to_lowest_urgency
from domain.types import OrderDirection
from store.customers.list_planner.orders import CustomerOrder
from store.customers.list_planner.query_planner import QueryPlan
from store.customers.list_planner.range_scans import KeyRanges, RangeScan
from store.customers.queries import residual_query
from store.database.client import Document
from store.database.keyset import Column
from store.database.scope import Scope

SortKey = tuple[CursorValue, ...]


@dataclass(frozen=True, slots=True)
class UrgencyScan:
    """The ranks that a list can have, and how its calm are read by name, where that is another way than the others'."""

    ranks: Sequence[int]
    lowest_urgency: RangeScan | None

    @classmethod
    def of(cls, scope: Scope, wanted: Condition, plan: QueryPlan) -> "UrgencyScan":
        """What a condition and its plan say."""
        if plan.lowest_urgency is None:
            return cls(possible_urgency_ranks(wanted), None)
        where = residual_query(scope, restrict_to_lowest_urgency(wanted), plan.lowest_urgency.key_sets)
        return cls(possible_urgency_ranks(wanted), RangeScan(scope, where, plan.lowest_urgency))


@dataclass(frozen=True, slots=True)
class UrgencyReader:
    """A walk through the ranks; `columns` are those of the walk."""

    scan: RangeScan
    urgency_scan: UrgencyScan
    order: CustomerOrder
    columns: tuple[Column, ...]

    async def rows(self, start: SortKey | None, filters: Sequence[Document], limit: int) -> list[Document]:
        """At most `limit` rows from the start on, in the order of the columns; the filters drop what lies before."""
        place = None if start is None else (NO_URGENCY if start[0] is None else start[0], *start[1:])
        found: list[Document] = []
        for ranks in self._parts(place):
            if len(found) < limit:
                found += await self._part(ranks, place, filters, limit - len(found))
        return found

    @property
    def _step(self) -> int:
        """1 or -1: which way the ranks go along the walk."""
        return self.columns[0].direction

    @property
    def _ties(self) -> list[tuple[str, int]]:
        return [(column.field, column.direction) for column in self.columns[1:]]

    def _parts(self, place: SortKey | None) -> list[list[int]]:
        """The ranks from the place on in runs that one query can read in order: those without one come last."""
        parts: list[list[int]] = []
        for rank in self._ahead(place):
            last = parts[-1][-1] if parts else None
            if last is None or self._is_apart(last) or self._is_apart(rank) or (rank - last) * self._step < 0:
                parts.append([])
            parts[-1].append(rank)
        return parts

    def _ahead(self, place: SortKey | None) -> Iterator[int]:
        ranked = range(NO_URGENCY) if self.order.direction is OrderDirection.ASC else reversed(range(NO_URGENCY))
        listed = [*ranked, NO_URGENCY]
        if self._step != self.order.columns[0].direction:
            listed.reverse()
        has_come = place is None
        for rank in listed:
            has_come = has_come or (place is not None and rank == place[0])
            if has_come and rank in self.urgency_scan.ranks:
                yield rank

    def _is_apart(self, rank: int) -> bool:
        return rank == LOWEST_URGENCY and self.urgency_scan.lowest_urgency is not None

    async def _part(
        self, ranks: Sequence[int], place: SortKey | None, filters: Sequence[Document], limit: int
    ) -> list[Document]:
        field, here = self.order.index_column.field, place if place is not None and place[0] == ranks[0] else None
        from_tie = {} if here is None else self.columns[1].at_or_after(here[1])
        if ranks == [LOWEST_URGENCY] and (calm := self.urgency_scan.lowest_urgency) is not None:
            key_ranges = KeyRanges.single(from_tie)
            return await calm.find(key_ranges, [*filters, {field: LOWEST_URGENCY}], self._ties, limit)
        rest = ranks if here is None else ranks[1:]
        ranges = [*([] if here is None else [{field: here[0], **from_tie}]), *self._ranges(rest)]
        bounds = ranges[0] if len(ranges) == 1 else {field: {"$gte": min(ranks), "$lte": max(ranks)}}
        sort = self._ties if len(ranks) == 1 else [(field, self._step), *self._ties]
        return await self.scan.find(KeyRanges(ranges, bounds), filters, sort, limit)

    def _ranges(self, ranks: Sequence[int]) -> list[Document]:
        """The index has neighbours of its own direction in order; other ranks are merged, so that ties stand right."""
        runs: list[list[int]] = []
        for rank in ranks:
            if not (runs and self.order.is_index_order and rank - runs[-1][-1] == self._step):
                runs.append([])
            runs[-1].append(rank)
        field = self.order.index_column.field
        return [{field: run[0] if len(run) == 1 else {"$gte": min(run), "$lte": max(run)}} for run in runs]
