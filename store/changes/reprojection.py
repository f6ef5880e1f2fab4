"""Computes the projection of every customer again, for a migration that changes its stored form."""

from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope


async def reproject_customers(client: Client) -> None:
    """Write what differs in the projections of all customers of all partners, one transaction per batch."""
    for partner in await client.collection("partners").find({}, {"partner_id": 1}):
        scope, last_id = Scope(client, partner["partner_id"], utc_now()), ""
        while customers := await _next_batch(scope, last_id):
            last_id = customers[-1]
            await change_customers(scope, {"_id": {"$in": customers}}, _mark_as_changed)


async def _next_batch(scope: Scope, last_id: str) -> list[str]:
    where = {**scope.match(), "_id": {"$gt": last_id}}
    customers = await scope.collection("customers").find(where, {"_id": 1}, sort=[("_id", 1)], limit=BATCH_SIZE)
    return [customer["_id"] for customer in customers]


async def _mark_as_changed(batch: CustomerBatch) -> None:
    for change in batch.changes:
        change.update_customer({})
