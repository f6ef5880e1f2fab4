"""Orders of subscriptions: their documents and reads."""

from datetime import datetime

from domain.entitlements.orders import OrderLine
from domain.money import Money, read_money
from domain.types import OrderKind, Product
from store.database.client import IndexModel
from store.database.scope import Scope
from store.database.stored_fields import StoredDocument, derived, stored
from store.entitlements.newest_documents import NEWEST_INDEX, BillingDocuments

COLLECTION = "orders"
ORDER_INDEXES = (
    IndexModel([("partner_id", 1), ("number", 1)], name="number", unique=True),
    IndexModel([("partner_id", 1), ("entitlement_id", 1), ("placed_at", -1), ("_id", -1)], name=NEWEST_INDEX),
)


class OrderDocument(StoredDocument):
    """An order of a subscription."""

    id = stored(str, "_id")
    customer_id = stored(str)
    entitlement_id = stored(str)
    number = stored(str)
    kind = stored(OrderKind)
    placed_at = stored(datetime)

    @derived("lines")
    def lines(self) -> list[OrderLine]:
        """The licences by product."""
        stored_lines = self.document["lines"]
        return [OrderLine(Product(line["product"]), line["quantity"], line.get("name")) for line in stored_lines]

    @derived("amount", "currency")
    def total(self) -> Money | None:
        """The total amount; None where none was delivered."""
        return read_money(self.document)


def orders(scope: Scope) -> BillingDocuments[OrderDocument]:
    """Return the reader of the partner's orders."""
    return BillingDocuments(scope, COLLECTION, "placed_at", OrderDocument)
