"""Which customers a viewer sees, as a condition on what belongs to customers."""

from domain.customers.keys import ALL_CUSTOMERS_KEY
from store.customers.orders import KEYS_INDEX
from store.database.client import Document
from store.database.scope import Scope


async def visible_customers(scope: Scope) -> Document:
    """None where the viewer sees all; else the ids, by one read of the index that their customers share."""
    if scope.visibility_key == ALL_CUSTOMERS_KEY:
        return {}
    where = scope.match_customers()
    found = await scope.collection("customers").find(where, {"_id": 1}, hint=KEYS_INDEX)
    return {"customer_id": {"$in": sorted(customer["_id"] for customer in found)}}
