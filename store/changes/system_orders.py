"""Orders that this system creates itself: for a renewal, and for a trial that became a subscription."""

from datetime import datetime

from domain.types import OrderKind
from store.database.client import Document
from store.database.ids import new_id


def system_order(subscription: Document, number: str, kind: OrderKind, at: datetime) -> Document:
    """Return an order of all licences of the subscription; an order that is delivered later replaces it."""
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
