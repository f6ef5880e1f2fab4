"""The customers that a viewer sees, as conditions on documents that belong to customers."""

from collections.abc import Sequence

from domain.batches import split_into_batches
from domain.customers.conditions import EVERYTHING, Condition
from domain.customers.keys import ALL_CUSTOMERS_KEY
from domain.customers.simplification import is_impossible, simplify
from store.customers.list_planner.rarest_keys import choose_rarest_keys
from store.customers.orders import KEYS_INDEX
from store.customers.queries import COLLECTION, customers_query
from store.database.client import Document
from store.database.scope import Scope

# 4 MB of a query; MongoDB's limit of 16 MB is reached at about 400,000 ids.
IDS_PER_QUERY = 100_000
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
    if wanted == EVERYTHING and scope.visibility_key == ALL_CUSTOMERS_KEY:
        return ALL_CUSTOMERS
    if is_impossible(wanted):
        return ()
    where = customers_query(scope, wanted, await choose_rarest_keys(scope, wanted))
    ids = await scope.collection(COLLECTION).find_ids(where, hint=KEYS_INDEX)
    ids.sort()
    return [{"customer_id": {"$in": part}} for part in split_into_batches(ids, ids_per_query)]
