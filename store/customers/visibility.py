"""The customers that a viewer sees, as a condition on documents that belong to customers."""

from domain.customers.keys import ALL_CUSTOMERS_KEY
from store.customers.orders import KEYS_INDEX
from store.database.client import Document
from store.database.scope import Scope


async def visible_customers(scope: Scope) -> Document:
    """Return no condition where the viewer sees all customers, else their ids, by one read of the index of keys."""
    if scope.visibility_key == ALL_CUSTOMERS_KEY:
        return {}
    where = scope.match_customers()
    customers = await scope.collection("customers").find(where, {"_id": 1}, hint=KEYS_INDEX)
    return {"customer_id": {"$in": sorted(customer["_id"] for customer in customers)}}
