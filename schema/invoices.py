"""The invoices of subscriptions."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from resolvers import billing_documents
from schema.connections import Connection
from schema.enums import InvoiceState
from schema.fields import field
from schema.node import PAGED, Node
from schema.orders import Money
from store.entitlements.invoices import InvoiceDocument

if TYPE_CHECKING:
    from schema.entitlements import CustomerSubscription


@strawberry.type
class Invoice(Node):
    """One invoice: an amount, its due date and its state."""

    number: str
    state: InvoiceState
    issued_on: date
    due_on: date
    total: Money
    document_url: str | None
    subscription = field(
        billing_documents.subscription,
        Annotated["CustomerSubscription", strawberry.lazy("schema.entitlements")],
        "The subscription that the invoice belongs to.",
    )

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the document is of this type."""
        return isinstance(value, InvoiceDocument)


NEWEST_INVOICE: Any = field(billing_documents.invoice, Invoice | None, "The newest that is not VOID.")
SUBSCRIPTION_INVOICES: Any = field(billing_documents.invoices, Connection[Invoice], "Newest first.", **PAGED)
