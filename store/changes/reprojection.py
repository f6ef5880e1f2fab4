"""Computes the projection of every customer again, for a migration that changes its stored form."""

from collections.abc import Awaitable, Callable

from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers
from store.changes.invoice_facts import FACTS_PIPELINE
from store.database.client import Client, Document, UpdateMany
from store.database.clock import utc_now
from store.database.scope import Scope
from store.licenses.weeks import repair_weeks

_INTO_ENTITLEMENTS: Document = {"$merge": {"into": "entitlements", "whenNotMatched": "discard"}}
_TERMS_OF_SYSTEM_ORDERS: list[Document] = [
    {"$match": {"by_system": True}},
    {"$lookup": {"from": "entitlements", "localField": "entitlement_id", "foreignField": "_id", "as": "of"}},
    {"$project": {"term_months": {"$first": "$of.term_months"}}},
    {"$merge": {"into": "orders", "whenNotMatched": "discard"}},
]


async def reproject_customers(client: Client) -> None:
    """Write the projections of all customers of all partners with their licence lines, one transaction per batch."""
    await _change_all(client, _rewrite)


async def reproject_single_lines(client: Client) -> None:
    """Write the projections as `reproject_customers` does, and the weekly sums of licences."""
    await _change_all(client, _rewrite_with_weeks)


async def _change_all(client: Client, change: Callable[[CustomerBatch], Awaitable[None]]) -> None:
    for partner in await client.collection("partners").find({}, {"partner_id": 1}):
        scope, last_id = Scope(client, partner["partner_id"], utc_now()), ""
        while customers := await _next_batch(scope, last_id):
            last_id = customers[-1]
            await change_customers(scope, {"_id": {"$in": customers}}, change)


async def store_status_facts(client: Client) -> None:
    """Add the fields that statuses, their reasons and renewals rest on; before `reproject_customers`."""
    unset = UpdateMany({"renewal_orders": {"$exists": True}}, {"$unset": {"renewal_orders": ""}})
    names = ("suspended_at", "overdue_invoice", "invoice_state")
    fields = [UpdateMany({name: {"$exists": False}}, {"$set": {name: None}}) for name in names]
    await client.collection("entitlements").bulk_write([*fields, unset])
    await client.collection("invoices").aggregate([*FACTS_PIPELINE, _INTO_ENTITLEMENTS])
    await client.collection("orders").aggregate(_TERMS_OF_SYSTEM_ORDERS)
    details = {"$mergeObjects": [{"entered_at": "$$this.since"}, "$$this"]}
    update = {"$set": {"status_details": {"$map": {"input": "$status_details", "in": details}}}}
    await client.collection("customers").bulk_write([UpdateMany({}, [update])])


async def store_forecast_facts(client: Client) -> None:
    """Store the newest invoice amounts with the subscriptions, and write all licence lines with their peaks of use."""
    await client.collection("invoices").aggregate([*FACTS_PIPELINE, _INTO_ENTITLEMENTS])
    await reproject_customers(client)


async def _next_batch(scope: Scope, last_id: str) -> list[str]:
    where = {**scope.match(), "_id": {"$gt": last_id}}
    customers = await scope.collection("customers").find(where, {"_id": 1}, sort=[("_id", 1)], limit=BATCH_SIZE)
    return [customer["_id"] for customer in customers]


async def _rewrite(batch: CustomerBatch) -> None:
    for change in batch.changes:
        change.rewrite_projection()


async def _rewrite_with_weeks(batch: CustomerBatch) -> None:
    await _rewrite(batch)
    await repair_weeks(batch.scope, batch.session, [change.id for change in batch.changes])
