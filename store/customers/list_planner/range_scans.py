"""Stretches of an index of customers: what lies within some ranges behind the keys of a plan, read in one query.

Where there are several ranges, each of each key is a condition of its own in an `$or`, which MongoDB merges in order.
Where a plan has two leads, the query demands both: MongoDB then reads them by turns and goes on with the one that has
the page first. It remembers no plan for a query that names its index, so that every page finds its own way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from store.customers.conditions import equals_any
from store.customers.documents import EXCLUDED_FIELDS
from store.customers.list_planner.key_statistics import Keys
from store.customers.list_planner.query_planner import QueryPlan
from store.customers.queries import COLLECTION
from store.database.client import Document
from store.database.scope import Scope

_MAX_RANGES = 400


@dataclass(frozen=True, slots=True)
class KeyRanges:
    """Ranges of an index behind its key: rows fulfil one of them, or else lie in the bounds and pass the filters."""

    ranges: Sequence[Document]
    bounds: Document

    @classmethod
    def single(cls, range_: Document) -> "KeyRanges":
        """One range, which is its own bounds."""
        return cls([range_], range_)


@dataclass(frozen=True, slots=True)
class RangeScan:
    """What a list matches, and how its index is read."""

    scope: Scope
    where: Document
    plan: QueryPlan
    conditions: Sequence[Document] = ()

    @property
    def is_dense(self) -> bool:
        """Whether whatever carries a key matches, so that rows cost no more than they are."""
        return "$nor" not in self.where and len(self.plan.key_sets) == 1

    async def find(
        self, key_ranges: KeyRanges, filters: Sequence[Document], sort: Sequence[tuple[str, int]], limit: int
    ) -> list[Document]:
        """At most `limit` rows of the reach that pass the filters; the index must have the order for one key."""
        conditions = [*self._key_conditions(key_ranges), *self.conditions, *filters]
        collection = self.scope.collection(COLLECTION)
        where = {**self.where, "$and": conditions}
        return await collection.find(where, EXCLUDED_FIELDS, sort=sort, limit=limit, hint=self.plan.index)

    def _key_conditions(self, key_ranges: KeyRanges) -> list[Document]:
        key_sets = self.plan.key_sets
        if len(key_ranges.ranges) > 1 and all(len(key_ranges.ranges) * len(keys) <= _MAX_RANGES for keys in key_sets):
            return [self._key_range_conditions(keys, key_ranges.ranges) for keys in key_sets]
        conditions_by_key: list[Document] = [{self.plan.field: equals_any(keys)} for keys in key_sets]
        return [*conditions_by_key, key_ranges.bounds]

    def _key_range_conditions(self, keys: Keys, ranges: Sequence[Document]) -> Document:
        stretch = {**self.scope.match()}
        return {"$or": [{self.plan.field: key, **stretch, **range_} for key in keys for range_ in ranges]}
