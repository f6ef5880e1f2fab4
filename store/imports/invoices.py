"""Writes slices of delivered invoices."""

from collections.abc import Sequence
from functools import partial

from domain.imports.records import Line
from domain.types import ActivityKind
from store.changes.customer_batch import CustomerSlice, change_customers
from store.database.client import Document
from store.database.scope import Scope
from store.entitlements.invoices import COLLECTION
from store.events.log import Note
from store.imports.billing_documents import Changes, PaperKind, PaperSlice
from store.imports.deliveries import LineOutcome
from store.imports.events import listed
from store.imports.license_usage import customers_by_number

_INVOICES = PaperKind(
    COLLECTION, "inv", "Invoice", ("state", "issued_on", "due_on", "amount", "currency", "document_url")
)


async def deliver_invoices(scope: Scope, lines: Sequence[Line], deadline: float) -> list[LineOutcome]:
    """Upserts invoices; the outcomes stand in the lines' order."""
    customers = await customers_by_number(scope, sorted({line.values["subscription"] for line in lines}))
    where = {"_id": {"$in": sorted(set(customers.values()))}}
    return await change_customers(scope, where, partial(_deliver, lines), deadline=deadline)


async def _deliver(lines: Sequence[Line], changing: CustomerSlice) -> list[LineOutcome]:
    slice_ = _InvoiceSlice(changing, _INVOICES)
    await slice_.read(lines)
    outcomes = [slice_.outcome(line) for line in lines]
    await slice_.write()
    return outcomes


class _InvoiceSlice(PaperSlice):
    """The invoices of one transaction."""

    def note(self, before: Document | None, paper: Document, changes: Changes, title: str) -> Note:
        """A new state is what people look for."""
        if before is None:
            due = paper["due_on"].date().isoformat()
            summary = f"{title} was added: {paper['amount']} {paper['currency']}, due on {due}"
        elif "state" in changes:
            summary = f"{title} is now {paper['state'].lower()}"
        else:
            summary = f"{title} changed: {listed(changes)}"
        return Note(ActivityKind.INVOICE_CHANGED, paper["_id"], summary, changes)
