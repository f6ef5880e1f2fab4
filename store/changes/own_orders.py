"""Orders that this system makes itself: a renewal's, and that of a trial which became a subscription."""

from datetime import datetime

from domain.types import OrderKind
from store.database.client import Document
from store.database.ids import new_id


def system_order(subscription: Document, number: str, kind: OrderKind, at: datetime) -> Document:
    """An order of all that the subscription holds; it gives way to the one that the ordering system delivers."""
    lines = [{"product": line["product"], "quantity": line["total"]} for line in subscription["licenses"]]
    return {
        "_id": new_id("ord"),
        "version": 1,
        "entitlement_id": subscription["_id"],
        "customer_id": subscription["customer_id"],
        "number": number,
        "kind": str(kind),
        "placed_at": at,
        "lines": lines,
        "amount": None,
        "currency": None,
        "by_system": True,
        "delivered": {},
    }
