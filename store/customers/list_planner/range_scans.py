"""Range scans: the MongoDB query that reads one range of a list, from a position on.

From a position on, the rows of an order are several contiguous ranges of its index (see keyset_conditions). Each key
with each range is one branch of an `$or`, and MongoDB merges the branches in order. Where a plan has two key sets, the
query requires both `$or`s: MongoDB reads them in turns and continues with the one that has the page first. It caches
no plan for a query with a hint, so every page is planned anew.
"""

from collections.abc import Sequence

from msgspec import Struct

from domain.customers.keys import Keys
from store.customers.conditions import equals_any
from store.customers.documents import CustomerDocument, customer_projection
from store.customers.list_planner.list_ranges import IndexPlan, ListRange
from store.customers.orders import KEYS_INDEX
from store.customers.queries import COLLECTION, residual_query
from store.database.client import Document
from store.database.find_options import FindOptions
from store.database.kept_documents import KeptDocuments
from store.database.keyset import Column, SortKey, inverted, keyset_conditions
from store.database.scope import Scope
from store.database.stored_fields import Projection

# With more branches, planning takes longer than filtering the rows that tie with the position.
_MAX_BRANCHES = 400
_KEPT = KeptDocuments(CustomerDocument)


class RangeScan(Struct, frozen=True):
    """One range, from `start` on (included) and before `end`, in the order of the columns."""

    list_range: ListRange
    columns: tuple[Column, ...]
    start: SortKey | None = None
    end: SortKey | None = None

    async def read(self, scope: Scope, limit: int, projection: Projection = None) -> list[CustomerDocument]:
        """Return at most `limit` rows, with the keys of the projection and those that the list is sorted by."""
        plan = self.list_range.plan
        where = residual_query(scope, self.list_range.wanted, plan.key_sets)
        where["$and"] = self.conditions(scope.match())
        collection, options = scope.collection(COLLECTION), FindOptions(sort=self.sort, limit=limit, hint=plan.index)
        projected = customer_projection(projection, *(column.field for column in self.columns))
        if projection is None:
            # Whole documents are large, and lists of them are read once, as by exports.
            return list(map(CustomerDocument, await collection.find(where, projected, **options)))
        return await collection.find_kept(_KEPT, where, projected, **options)

    @property
    def sort(self) -> list[tuple[str, int]]:
        """The sort of the query. A single value is left out, because the index of keys does not have its field."""
        return [(column.field, column.direction) for column in self._varying_columns]

    def conditions(self, tenant: Document) -> list[Document]:
        """Return the conditions on keys and position; `tenant` is the partner's condition."""
        plan, columns, bounds = self.list_range.plan, self._varying_columns, self._bounds
        filters = self._end_filters()
        if plan.index == KEYS_INDEX and bounds:
            # The index of keys has no sort values, so a condition on them filters documents.
            filters, bounds = [*filters, bounds], {}
        start = self._varying_part(self.start)
        if start is None:
            return [*_key_conditions(plan), *([bounds] if bounds else []), *filters]
        ranges = [_intersect(bounds, range_) for range_ in keyset_conditions(columns, start)]
        if not plan.needs_sort and all(len(ranges) * len(keys) <= _MAX_BRANCHES for keys in plan.key_sets):
            return [*(_branches(plan, keys, tenant, ranges) for keys in plan.key_sets), *filters]
        from_start = _intersect(bounds, columns[0].at_or_after(start[0]))
        # The negation hides the condition from MongoDB's planner, which must not split it into branches.
        before_start = {"$nor": keyset_conditions(inverted(columns), start, inclusive=False)}
        return [*_key_conditions(plan), from_start, before_start, *filters]

    @property
    def _is_single_value(self) -> bool:
        return self.list_range.values.single is not None

    @property
    def _varying_columns(self) -> tuple[Column, ...]:
        return self.columns[1:] if self._is_single_value else self.columns

    def _varying_part(self, sort_key: SortKey | None) -> SortKey | None:
        return sort_key[1:] if sort_key is not None and self._is_single_value else sort_key

    @property
    def _bounds(self) -> Document:
        return self.list_range.values.condition(self.columns[0].field)

    def _end_filters(self) -> list[Document]:
        """The filter stops nothing by itself: the bound on the first column ends the scan."""
        end, columns = self._varying_part(self.end), self._varying_columns
        if end is None:
            return []
        return [columns[0].inverted.at_or_after(end[0]), {"$nor": keyset_conditions(columns, end)}]


def _key_conditions(plan: IndexPlan) -> list[Document]:
    return [{plan.key_field: equals_any(keys)} for keys in plan.key_sets]


def _branches(plan: IndexPlan, keys: Keys, tenant: Document, ranges: Sequence[Document]) -> Document:
    return {"$or": [{plan.key_field: key, **tenant, **range_} for key in keys for range_ in ranges]}


def _intersect(bounds: Document, range_: Document) -> Document:
    """Return the range within the bounds; the range's own operators are the narrower ones."""
    merged = {**bounds, **range_}
    for field in bounds.keys() & range_.keys():
        if isinstance(bounds[field], dict) and isinstance(range_[field], dict):
            merged[field] = {**bounds[field], **range_[field]}
    return merged
