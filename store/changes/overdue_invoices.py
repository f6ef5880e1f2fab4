"""The oldest overdue invoice of a subscription: stored with it, because the reason of SUSPENDED names the invoice."""

from collections.abc import Iterable

from domain.entitlements.invoices import InvoiceState
from store.changes.customer_batch import CustomerBatch
from store.database.client import Session
from store.database.scope import Scope


async def read_overdue_invoices(scope: Scope, session: Session, subscription_ids: Iterable[str]) -> dict[str, str]:
    """Return the number of the oldest OVERDUE invoice of each subscription that has one."""
    where = {"entitlement_id": {"$in": sorted(subscription_ids)}, "state": str(InvoiceState.OVERDUE)}
    # Objects are compared by their fields in order: the earliest date, then the number.
    oldest = {"$min": {"issued_on": "$issued_on", "number": "$number"}}
    groups = await scope.collection("invoices").aggregate(
        [{"$match": {**scope.match(), **where}}, {"$group": {"_id": "$entitlement_id", "oldest": oldest}}],
        session=session,
    )
    return {group["_id"]: group["oldest"]["number"] for group in groups}


async def update_overdue_invoices(batch: CustomerBatch, subscription_ids: set[str]) -> None:
    """Store the numbers with these subscriptions after their invoices were written in the batch's transaction."""
    oldest = await read_overdue_invoices(batch.scope, batch.session, subscription_ids)
    for change in batch.changes:
        for number, subscription in change.entitlements.items():
            invoice = oldest.get(subscription["_id"])
            if subscription["_id"] in subscription_ids and subscription["overdue_invoice"] != invoice:
                # No client sees the field itself: the reason that names it changes with the projection.
                change.update_entitlement_bookkeeping(number, {"overdue_invoice": invoice})
