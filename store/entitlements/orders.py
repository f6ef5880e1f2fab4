"""Orders of subscriptions: their documents and reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from domain.entitlements.orders import OrderLine
from domain.money import Money, read_money
from domain.types import OrderKind, Product
from store.database.client import Document, IndexModel
from store.database.scope import Scope
from store.entitlements.newest_documents import NEWEST_INDEX, BillingDocuments

COLLECTION = "orders"
ORDER_INDEXES = (
    IndexModel([("partner_id", 1), ("number", 1)], name="number", unique=True),
    IndexModel([("partner_id", 1), ("entitlement_id", 1), ("placed_at", -1), ("_id", -1)], name=NEWEST_INDEX),
)


@dataclass(frozen=True, slots=True)
class OrderDocument:
    """An order of a subscription; `total` is None where no amount was delivered."""

    id: str
    customer_id: str
    entitlement_id: str
    number: str
    kind: OrderKind
    placed_at: datetime
    lines: Sequence[OrderLine]
    total: Money | None

    @classmethod
    def read(cls, document: Document) -> Self:
        """Return the typed form of a document of the collection."""
        copied = {name: document[name] for name in ("customer_id", "entitlement_id", "number", "placed_at")}
        lines = [OrderLine(Product(line["product"]), line["quantity"], line.get("name")) for line in document["lines"]]
        return cls(
            id=document["_id"], kind=OrderKind(document["kind"]), lines=lines, total=read_money(document), **copied
        )


def orders(scope: Scope) -> BillingDocuments[OrderDocument]:
    """Return the reader of the partner's orders."""
    return BillingDocuments(scope, COLLECTION, "placed_at", OrderDocument.read)
