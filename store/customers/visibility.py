"""The customers that a viewer sees, as a condition on documents that belong to customers."""

from domain.customers.conditions import EVERYTHING, Condition
from domain.customers.keys import ALL_CUSTOMERS_KEY
from domain.customers.simplification import is_impossible, simplify
from store.customers.list_planner.rarest_keys import choose_rarest_keys
from store.customers.orders import KEYS_INDEX
from store.customers.queries import COLLECTION, customers_query
from store.database.client import Document
from store.database.scope import Scope


async def visible_customers(scope: Scope, condition: Condition = EVERYTHING) -> Document:
    """Return the condition that a document's customer is visible and matches `condition`.

    It is empty where the viewer sees all customers and all of them match, else it has their ids. They are read by one
    query of the index of keys, with the documents only where keys do not decide the condition. A query with the ids of
    about 400,000 customers would pass MongoDB's limit of 16 MB.
    """
    wanted = simplify(condition)
    if wanted == EVERYTHING and scope.visibility_key == ALL_CUSTOMERS_KEY:
        return {}
    if is_impossible(wanted):
        return {"customer_id": {"$in": []}}
    where = customers_query(scope, wanted, await choose_rarest_keys(scope, wanted))
    customers = await scope.collection(COLLECTION).find(where, {"_id": 1}, hint=KEYS_INDEX)
    return {"customer_id": {"$in": sorted(customer["_id"] for customer in customers)}}
