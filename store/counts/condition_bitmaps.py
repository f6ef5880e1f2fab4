"""Totals and facets from an index: conditions become bitmaps, joined by and, or and not."""

from collections.abc import Mapping

from pyroaring import BitMap

from domain.customers.conditions import AllOf, AnyOf, Condition, HasWordPrefixes, Not
from domain.customers.keys import dimension_key
from domain.customers.simplification import simplify
from domain.entitlements.invoices import InvoiceState
from domain.types import CustomerStatus, ManagedBy, Product, SubscriptionType
from store.counts.customer_index import CustomerIndex
from store.customers.facets import OPEN_DIMENSIONS, CustomerFacets, build_facets, facet_conditions
from store.database.scope import Scope
from store.database.turns import Turns

_VALUES = {
    "managed_by": ManagedBy,
    "product": Product,
    "status": CustomerStatus,
    "type": SubscriptionType,
    "invoice": InvoiceState,
}


async def count_matches(index: CustomerIndex, scope: Scope, condition: Condition) -> int:
    """Return the number of visible customers that match."""
    return len(await _Evaluation(index, scope).find_visible(condition))


async def count_facets(index: CustomerIndex, scope: Scope, condition: AllOf) -> CustomerFacets:
    """Return the counts by value, each dimension without its own top-level condition."""
    evaluation, conditions = _Evaluation(index, scope), facet_conditions(condition)
    found = {each: await evaluation.find_visible(each) for each in dict.fromkeys(conditions.values())}
    numbers: dict[str, Mapping[str, int]] = {
        dimension: _most_used(index, found[conditions[dimension]], dimension) for dimension in OPEN_DIMENSIONS
    }
    for dimension, values in _VALUES.items():
        base = found[conditions[dimension]]
        counted = [index.with_key(dimension_key(dimension, value)) for value in values]
        counts = [base.intersection_cardinality(bitmap) for bitmap in counted]
        numbers[dimension] = dict(zip(values, counts, strict=True))
    return build_facets(numbers)


def _most_used(index: CustomerIndex, base: BitMap, dimension: str) -> Mapping[str, int]:
    prefix = dimension_key(dimension, "")
    counts = [(base.intersection_cardinality(index.with_key(key)), key) for key in index.keys_of(prefix)]
    used = sorted((-count, key.removeprefix(prefix)) for count, key in counts if count)
    return {value: -negative for negative, value in used[: OPEN_DIMENSIONS[dimension]]}


class _Evaluation:
    """The evaluation of conditions for one answer: each part is found once. No bitmap is changed afterwards."""

    def __init__(self, index: CustomerIndex, scope: Scope) -> None:
        self._index = index
        self._scope = scope
        self._turns = Turns()
        self._found: dict[Condition, BitMap] = {}

    async def find_visible(self, condition: Condition) -> BitMap:
        """Return the customers that match and that the viewer sees."""
        return await self._find(simplify(condition)) & self._index.visible_in(self._scope)

    async def _find(self, condition: Condition) -> BitMap:
        match condition:
            case AllOf(inner):
                return BitMap.intersection(self._index.everyone, *[await self._find(part) for part in inner])
            case AnyOf(inner):
                return BitMap.union(BitMap(), *[await self._find(part) for part in inner])
            case Not(negated):
                return self._index.everyone - await self._find(negated)
            case HasWordPrefixes((_, _, *_) as words):
                return BitMap.intersection(*[await self._find(HasWordPrefixes((word,))) for word in words])
            case _:
                if condition not in self._found:
                    await self._turns.pause_when_due()
                    self._found[condition] = self._index.find(condition, self._scope.now)
                return self._found[condition]
