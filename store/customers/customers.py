"""Reads customers of one scope: pages of a filtered list, its total count and facets, and look-ups by id."""

from collections.abc import Sequence

from domain.customers.conditions import AllOf, Condition
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.keys import ALL_CUSTOMERS_KEY
from domain.customers.simplification import is_impossible, simplify
from domain.paging import Page, PageRequest
from store.customers.documents import CustomerDocument, customer_projection
from store.customers.facets import CustomerFacets, read_facets
from store.customers.holding_counts import count_holders
from store.customers.list_planner.pages import EXPECTED_CUSTOMERS, read_page
from store.customers.list_planner.rarest_keys import choose_rarest_keys
from store.customers.orders import KEYS_INDEX, ORDER_INDEXES, CustomerOrder
from store.customers.queries import COLLECTION, customers_query
from store.database.client import IndexModel
from store.database.scope import Scope
from store.database.stored_fields import Projection

__all__ = ["CUSTOMER_INDEXES", "EXTERNAL_ID_INDEX", "CustomerDocument", "CustomerOrder", "Customers"]

EXTERNAL_ID_INDEX = "external_id"
CUSTOMER_INDEXES: tuple[IndexModel, ...] = (
    IndexModel([("partner_id", 1), ("external_id", 1)], name=EXTERNAL_ID_INDEX, unique=True),
    *ORDER_INDEXES,
)


class Customers:
    """The customers that are visible in the scope. Removed customers are not.

    `expected` is the number of customers of a partner for which pages are planned.
    """

    def __init__(self, scope: Scope, expected: int = EXPECTED_CUSTOMERS) -> None:
        self._scope = scope
        self._expected = expected
        self._collection = scope.collection(COLLECTION)

    async def page(
        self, condition: AllOf, order: CustomerOrder, request: PageRequest, projection: Projection = None
    ) -> Page[CustomerDocument]:
        """Return one page; raise InvalidCursor for a cursor of another list."""
        return await read_page(self._scope, condition, order, request, self._expected, projection)

    async def count(self, condition: Condition) -> int:
        """Return the number of customers that match."""
        wanted = simplify(condition)
        if is_impossible(wanted):
            return 0
        if isinstance(wanted, HoldingEndsWithin | HasLowAssignment) and self._scope.visibility_key == ALL_CUSTOMERS_KEY:
            return await count_holders(self._scope, wanted)
        keys = await choose_rarest_keys(self._scope, wanted)
        return await self._collection.count(customers_query(self._scope, wanted, keys), hint=KEYS_INDEX)

    async def facets(self, condition: AllOf) -> CustomerFacets:
        """Return the counts by value, each dimension without its own top-level condition."""
        return await read_facets(self._scope, condition)

    async def by_ids(self, ids: Sequence[str], projection: Projection = None) -> dict[str, CustomerDocument]:
        """Return the visible customers with these ids, in one query."""
        where = self._scope.match_customers()
        documents = await self._collection.find_by_ids(where, ids, customer_projection(projection))
        return {document["_id"]: CustomerDocument(document) for document in documents}

    async def by_external_id(self, external_id: str, projection: Projection = None) -> CustomerDocument | None:
        """Return the customer with this id in the ordering system; None where it is not visible."""
        where = {**self._scope.match_customers(), "external_id": external_id}
        document = await self._collection.find_one(where, customer_projection(projection))
        return None if document is None else CustomerDocument(document)
