"""The state of each subscription's newest invoice that is not VOID, stored with the subscription for filters."""

from domain.batches import split_into_batches
from domain.types import SubscriptionType
from store.changes.customer_batch import CustomerBatch
from store.database.client import ID_INDEX, Client, UpdateOne
from store.database.clock import utc_now
from store.database.scope import Scope
from store.entitlements.documents import COLLECTION
from store.entitlements.invoices import Invoices

FIELD = "invoice_state"
_BATCH_SIZE = 500


async def update_invoice_states(batch: CustomerBatch, subscription_ids: set[str]) -> None:
    """Store the states of these subscriptions after their invoices were written in the batch's transaction."""
    newest = await Invoices(batch.scope).newest_not_void(sorted(subscription_ids), session=batch.session)
    for change in batch.changes:
        for number, subscription in change.entitlements.items():
            invoice = newest.get(subscription["_id"])
            state = None if invoice is None else str(invoice.state)
            if subscription["_id"] in subscription_ids and subscription.get(FIELD) != state:
                change.update_entitlement(number, {FIELD: state})


async def store_invoice_states(client: Client) -> None:
    """Store the states of all subscriptions of all partners, for a migration; customers are not projected again."""
    for partner in await client.collection("partners").find({}, {"partner_id": 1}):
        scope = Scope(client, partner["partner_id"], utc_now())
        subscriptions = scope.collection(COLLECTION)
        where = {**scope.match(), "kind": str(SubscriptionType.SUBSCRIPTION)}
        ids = [document["_id"] for document in await subscriptions.find(where, {"_id": 1})]
        for batch in split_into_batches(ids, _BATCH_SIZE):
            newest = await Invoices(scope).newest_not_void(batch)
            writes = [
                UpdateOne({**scope.match(), "_id": id_}, {"$set": {FIELD: str(invoice.state)}}, hint=ID_INDEX)
                for id_, invoice in newest.items()
            ]
            await subscriptions.bulk_write(writes)
