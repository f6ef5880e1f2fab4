"""The orders of subscriptions."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from resolvers import billing_documents
from schema.connections import Connection
from schema.enums import OrderKind, Product
from schema.fields import field
from schema.node import PAGED, Node
from store.entitlements.orders import OrderDocument

if TYPE_CHECKING:
    from schema.entitlements import CustomerSubscription


@strawberry.type
class Money:
    """An exact amount in a currency."""

    amount: Decimal
    currency: str = strawberry.field(description="ISO 4217.")


@strawberry.type
class OrderLine:
    """One product of an order."""

    product: Product
    quantity: int = strawberry.field(description="Negative where licenses were given back.")


@strawberry.type
class Order(Node):
    """One order: its lines, and the total if one was delivered."""

    number: str
    kind: OrderKind
    placed_at: datetime
    lines: list[OrderLine]
    total: Money | None
    subscription = field(
        billing_documents.subscription,
        Annotated["CustomerSubscription", strawberry.lazy("schema.entitlements")],
        "The subscription that the order belongs to.",
    )

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the document is of this type."""
        return isinstance(value, OrderDocument)


SUBSCRIPTION_ORDERS: Any = field(billing_documents.orders, Connection[Order], "Newest first.", **PAGED)
