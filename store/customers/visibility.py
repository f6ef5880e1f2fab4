"""The customers that a viewer sees, as conditions on documents that belong to customers."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from domain.batches import split_into_batches
from domain.customers.conditions import EVERYTHING, Condition
from domain.customers.keys import ALL_CUSTOMERS_KEY
from domain.customers.simplification import is_impossible, simplify
from store.customers.list_planner.rarest_keys import choose_rarest_keys
from store.customers.orders import KEYS_INDEX
from store.customers.queries import COLLECTION, customers_query
from store.database.client import ID_INDEX, Document
from store.database.scope import Scope

# 4 MB of a query; MongoDB's limit of 16 MB is reached at about 400,000 ids.
IDS_PER_QUERY = 100_000
# Reading them takes as long as the rows of a page. Where more of 200,000 customers match, at least one row in 200 does.
IDS_PER_PAGE = 1_000
# A document of a visible customer meets exactly one of the conditions, which are read one after the other.
CustomerConditions = Sequence[Document]
ALL_CUSTOMERS: CustomerConditions = ({},)


async def visible_customers(
    scope: Scope, condition: Condition = EVERYTHING, *, ids_per_query: int = IDS_PER_QUERY
) -> CustomerConditions:
    """Return the conditions that a document's customer is visible and matches `condition`.

    They are ALL_CUSTOMERS where the viewer sees all customers and all of them match. Else each has a part of the ids,
    and without customers there is none. The ids are read by one query of the index of keys, with the documents only
    where keys do not decide the condition.
    """
    wanted = simplify(condition)
    if _is_everybody(scope, wanted):
        return ALL_CUSTOMERS
    if is_impossible(wanted):
        return ()
    ids = await scope.collection(COLLECTION).find_ids(await _query(scope, wanted), hint=KEYS_INDEX)
    ids.sort()
    return [{"customer_id": {"$in": part}} for part in split_into_batches(ids, ids_per_query)]


def _is_everybody(scope: Scope, wanted: Condition) -> bool:
    return wanted == EVERYTHING and scope.visibility_key == ALL_CUSTOMERS_KEY


async def _query(scope: Scope, wanted: Condition) -> Document:
    return customers_query(scope, wanted, await choose_rarest_keys(scope, wanted))


class CustomerRowFilter(Struct, frozen=True):
    """Keeps the documents whose customer is visible and matches: for pages, which need no ids of other customers."""

    scope: Scope
    wanted: Condition
    read_all: Callable[[], Awaitable[CustomerConditions]]

    async def keep(self, documents: Sequence[Document]) -> list[Document]:
        """Return the documents that are kept, in their order, by one query of their customers."""
        ids = sorted({document["customer_id"] for document in documents})
        where = {**customers_query(self.scope, self.wanted), "_id": {"$in": ids}}
        customers = await self.scope.collection(COLLECTION).find(where, {"_id": 1}, hint=ID_INDEX)
        kept = {customer["_id"] for customer in customers}
        return [document for document in documents if document["customer_id"] in kept]

    async def conditions(self) -> CustomerConditions:
        """Return what `read_all` returns, for counts."""
        return await self.read_all()


async def select_customers(
    scope: Scope,
    condition: Condition,
    read_all: Callable[[], Awaitable[CustomerConditions]],
    *,
    most: int = IDS_PER_PAGE,
) -> CustomerConditions | CustomerRowFilter:
    """Return what selects the rows of a page: conditions with at most `most` ids, or else a filter.

    The pages of an export would read the ids of many customers again and again. `read_all` returns what
    `visible_customers` returns for the condition; it is called only for a count.
    """
    wanted = simplify(condition)
    if _is_everybody(scope, wanted):
        return ALL_CUSTOMERS
    if is_impossible(wanted):
        return ()
    ids = await scope.collection(COLLECTION).find_ids(await _query(scope, wanted), limit=most + 1, hint=KEYS_INDEX)
    if len(ids) > most:
        return CustomerRowFilter(scope, wanted, read_all)
    return [{"customer_id": {"$in": sorted(ids)}}] if ids else ()
