"""Counts the visible customers that have a running line of a product."""

from asyncio import gather
from collections.abc import Sequence

from domain.customers.keys import dimension_key
from domain.types import Product
from store.database.scope import Scope


class RunningCustomerCounts:
    """Counts on the keys of the products of running entitlements."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def count_by_product(self, products: Sequence[Product]) -> dict[Product, int]:
        """Return one count for each product, each from the index."""
        counts = await gather(*(self._count(product) for product in products))
        return dict(zip(products, counts, strict=True))

    async def _count(self, product: Product) -> int:
        where = self._scope.match_customers()
        where["keys"] = {"$all": [dimension_key("running", product), self._scope.visibility_key]}
        return await self._scope.collection("customers").count(where)
