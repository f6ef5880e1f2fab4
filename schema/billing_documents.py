"""The orders and invoices of subscriptions."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from domain.entitlements.orders import MAX_ORDER_LINES
from resolvers import billing_documents
from schema.costs import STEPWISE_RELATION_COST, list_size
from schema.enums import InvoiceState, OrderKind, Product
from schema.fields import field
from schema.node import PAGED, Connection, Node
from schema.stored_values import shows
from store.entitlements.documents import EntitlementDocument
from store.entitlements.invoices import InvoiceDocument
from store.entitlements.orders import OrderDocument

if TYPE_CHECKING:
    from schema.entitlements import CustomerSubscription


@strawberry.type
class Money:
    """An exact amount in a currency."""

    amount: Decimal = strawberry.field(description="The amount, with at most 4 decimal places.")
    currency: str = strawberry.field(description="The currency as an ISO 4217 code.")


@strawberry.type
class OrderLine:
    """The licenses of one product in an order."""

    product: Product = strawberry.field(description="The product.")
    name: str | None = strawberry.field(
        description="The kind of the product's licenses, where the ordering system names one; see LicenseLine.name."
    )
    quantity: int = strawberry.field(
        description="The number of licenses. It is negative where licenses were given back."
    )


@strawberry.type
@shows(OrderDocument)
class Order(Node):
    """An order of a subscription."""

    number: str = strawberry.field(
        description="The number of the order. An order that a renewal added has the number `<subscription>-R<n>`."
    )
    kind: OrderKind = strawberry.field(description="What the order does to the subscription.")
    placed_at: datetime = strawberry.field(description="The moment of the order.")
    lines: list[OrderLine] = strawberry.field(
        directives=[list_size(MAX_ORDER_LINES, typical=4)], description="The licenses by product, at most 100 lines."
    )
    total: Money | None = strawberry.field(description="The total amount; null where none was delivered.")
    subscription = field(
        billing_documents.subscription,
        Annotated["CustomerSubscription", strawberry.lazy("schema.entitlements")],
        "The subscription that the order belongs to.",
        batch=True,
        reads=(OrderDocument.entitlement_id,),
    )


SUBSCRIPTION_ORDERS: Any = field(
    billing_documents.orders,
    Connection[Order],
    "The orders of the subscription, newest first.",
    cost=STEPWISE_RELATION_COST,
    **PAGED,
    batch=True,
    reads=(EntitlementDocument.id,),
)


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
