"""Writes batches of delivered invoices."""

from collections.abc import Sequence
from functools import partial

from domain.imports.records import ImportRecord
from domain.types import ActivityKind
from store.changes.customer_batch import CustomerBatch, change_customers
from store.changes.invoice_facts import update_invoice_facts
from store.database.client import Document
from store.database.scope import Scope
from store.entitlements.invoices import COLLECTION
from store.events.log import EventDraft
from store.imports.billing_documents import BillingDocumentKind, BillingDocumentMerger, Changes
from store.imports.deliveries import RecordResult
from store.imports.events import list_field_names
from store.imports.owners import read_customer_ids_by_number

_INVOICES = BillingDocumentKind(
    COLLECTION,
    "inv",
    "Invoice",
    ("state", "issued_on", "due_on", "amount", "currency", "document_url"),
    ActivityKind.INVOICE_CHANGED,
)


async def deliver_invoices(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert invoices; return the results in the order of the records."""
    customers = await read_customer_ids_by_number(scope, sorted({record.values["subscription"] for record in records}))
    where = {"_id": {"$in": sorted(set(customers.values()))}}
    return await change_customers(scope, where, partial(_deliver, records), deadline=deadline)


async def _deliver(records: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    merger = _InvoiceMerger(batch, _INVOICES)
    await merger.read(records)
    results = await merger.merge_records(records)
    await merger.write()
    await update_invoice_facts(batch, merger.find_subscription_ids())
    return results


class _InvoiceMerger(BillingDocumentMerger):
    """Merges the invoices of one transaction."""

    def draft_event(self, before: Document | None, document: Document, changes: Changes, title: str) -> EventDraft:
        """Draft the event; a new state comes before other changes in its summary."""
        if before is None:
            due = document["due_on"].date().isoformat()
            summary = f"{title} was added: {document['amount']} {document['currency']}, due on {due}"
        elif "state" in changes:
            summary = f"{title} is now {document['state'].lower()}"
        else:
            summary = f"{title} changed: {list_field_names(changes)}"
        return EventDraft(ActivityKind.INVOICE_CHANGED, document["_id"], summary, changes)
