"""Stretches of an index of customers: what lies within some ranges behind the keys of a plan, read in one query.

Where there are several ranges, each of each key is a condition of its own in an `$or`, which MongoDB merges in order.
Where a plan has two leads, the query demands both: MongoDB then reads them by turns and goes on with the one that has
the page first. It remembers no plan for a query that names its index, so that every page finds its own way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from store.customers.conditions import one_of
from store.customers.documents import PROJECTION
from store.customers.list_planner.key_statistics import Keys
from store.customers.list_planner.query_planner import Plan
from store.customers.queries import COLLECTION
from store.database.client import Document
from store.database.scope import Scope

_MOST_STRETCHES = 400


@dataclass(frozen=True, slots=True)
class Reach:
    """Ranges of an index behind its key: rows fulfil one of them, or else lie in the hull and pass the filters."""

    ranges: Sequence[Document]
    hull: Document

    @classmethod
    def single(cls, range_: Document) -> "Reach":
        """One range, which is its own hull."""
        return cls([range_], range_)


@dataclass(frozen=True, slots=True)
class Stretches:
    """What a list matches, and how its index is read."""

    scope: Scope
    where: Document
    plan: Plan
    conditions: Sequence[Document] = ()

    @property
    def is_dense(self) -> bool:
        """Whether whatever carries a key matches, so that rows cost no more than they are."""
        return "$nor" not in self.where and len(self.plan.leads) == 1

    async def find(
        self, reach: Reach, filters: Sequence[Document], sort: Sequence[tuple[str, int]], limit: int
    ) -> list[Document]:
        """At most `limit` rows of the reach that pass the filters; the index must have the order for one key."""
        conditions = [*self._led(reach), *self.conditions, *filters]
        collection = self.scope.collection(COLLECTION)
        where = {**self.where, "$and": conditions}
        return await collection.find(where, PROJECTION, sort=sort, limit=limit, hint=self.plan.index)

    def _led(self, reach: Reach) -> list[Document]:
        leads = self.plan.leads
        if len(reach.ranges) > 1 and all(len(reach.ranges) * len(keys) <= _MOST_STRETCHES for keys in leads):
            return [self._either(keys, reach.ranges) for keys in leads]
        led: list[Document] = [{self.plan.field: one_of(keys)} for keys in leads]
        return [*led, reach.hull]

    def _either(self, keys: Keys, ranges: Sequence[Document]) -> Document:
        stretch = {**self.scope.match()}
        return {"$or": [{self.plan.field: key, **stretch, **range_} for key in keys for range_ in ranges]}
