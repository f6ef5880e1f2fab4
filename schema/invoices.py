"""The invoices of subscriptions."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from resolvers import billing_documents
from schema.connections import Connection
from schema.costs import STEPWISE_RELATION_COST
from schema.enums import InvoiceState
from schema.fields import field
from schema.node import PAGED, Node
from schema.orders import Money
from schema.stored_values import shows
from store.entitlements.documents import EntitlementDocument
from store.entitlements.invoices import InvoiceDocument

if TYPE_CHECKING:
    from schema.entitlements import CustomerSubscription


@strawberry.type
@shows(InvoiceDocument)
class Invoice(Node):
    """An invoice of a subscription."""

    number: str = strawberry.field(description="The number of the invoice.")
    state: InvoiceState = strawberry.field(description="The payment state.")
    issued_on: date = strawberry.field(description="The day of issue.")
    due_on: date = strawberry.field(description="The day on which the payment is due.")
    total: Money = strawberry.field(description="The total amount.")
    document_url: str | None = strawberry.field(description="The address of the document; null where there is none.")
    subscription = field(
        billing_documents.subscription,
        Annotated["CustomerSubscription", strawberry.lazy("schema.entitlements")],
        "The subscription that the invoice belongs to.",
        batch=True,
        reads=(InvoiceDocument.entitlement_id,),
    )


NEWEST_INVOICE: Any = field(
    billing_documents.invoice,
    Invoice | None,
    "The newest invoice that is not VOID; null without one.",
    batch=True,
    reads=(EntitlementDocument.id,),
)
SUBSCRIPTION_INVOICES: Any = field(
    billing_documents.invoices,
    Connection[Invoice],
    "The invoices of the subscription, newest first.",
    cost=STEPWISE_RELATION_COST,
    **PAGED,
    batch=True,
    reads=(EntitlementDocument.id,),
)
