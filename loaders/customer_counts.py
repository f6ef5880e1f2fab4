"""Totals and facets of customers: from the index in memory where it may answer, else from MongoDB."""

from collections.abc import Awaitable

from domain.customers.conditions import AllOf
from loaders.request_memo import RequestMemo
from store.counts.live_indexes import LiveIndexes
from store.customers.customers import Customers
from store.customers.facets import CustomerFacets
from store.database.scope import Scope


class _Counted:
    """The customers of a scope; `after_operation_time` is the latest change that the answers must show."""

    def __init__(self, scope: Scope, indexes: LiveIndexes | None, after_operation_time: int) -> None:
        self._scope = scope
        self._indexes = indexes
        self._after_operation_time = after_operation_time

    async def count(self, condition: AllOf) -> int:
        if self._indexes is not None:
            count = await self._indexes.count(self._scope, condition, self._after_operation_time)
            if count is not None:
                return count
        return await Customers(self._scope).count(condition)

    async def facets(self, condition: AllOf) -> CustomerFacets:
        if self._indexes is not None:
            facets = await self._indexes.facets(self._scope, condition, self._after_operation_time)
            if facets is not None:
                return facets
        return await Customers(self._scope).facets(condition)


class CustomerCounts:
    """The totals and facets of one operation; each is read once."""

    def __init__(self, scope: Scope, indexes: LiveIndexes | None, after_operation_time: int) -> None:
        counted = _Counted(scope, indexes, after_operation_time)
        self._totals = RequestMemo(counted.count)
        self._facets = RequestMemo(counted.facets)

    def count(self, condition: AllOf) -> Awaitable[int]:
        """Return the number of visible customers that match."""
        return self._totals.load(condition)

    def facets(self, condition: AllOf) -> Awaitable[CustomerFacets]:
        """Return the counts by value, each dimension without its own top-level condition."""
        return self._facets.load(condition)
