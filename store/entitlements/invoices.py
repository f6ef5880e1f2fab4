"""Invoices of subscriptions: their documents and reads."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from domain.entitlements.invoices import InvoiceState
from domain.money import Money
from store.database.client import IndexModel, Session
from store.database.scope import Scope
from store.database.stored_fields import Projection, StoredDocument, derived, stored, stored_or_none
from store.entitlements.newest_documents import NEWEST_INDEX, BillingDocuments

COLLECTION = "invoices"
INVOICE_INDEXES = (
    IndexModel([("partner_id", 1), ("number", 1)], name="number", unique=True),
    IndexModel([("partner_id", 1), ("entitlement_id", 1), ("issued_on", -1), ("_id", -1)], name=NEWEST_INDEX),
)


class InvoiceDocument(StoredDocument):
    """An invoice of a subscription."""

    id = stored(str, "_id")
    customer_id = stored(str)
    entitlement_id = stored(str)
    number = stored(str)
    state = stored(InvoiceState)
    issued_on = stored(date)
    due_on = stored(date)
    document_url = stored_or_none(str)

    @derived("amount", "currency")
    def total(self) -> Money:
        """The total amount."""
        return Money(Decimal(self.document["amount"]), self.document["currency"])


class Invoices(BillingDocuments[InvoiceDocument]):
    """The partner's invoices."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, COLLECTION, "issued_on", InvoiceDocument)

    async def newest_not_void(
        self, subscription_ids: Sequence[str], projection: Projection = None, *, session: Session = None
    ) -> dict[str, InvoiceDocument]:
        """Return each subscription's newest invoice that is not VOID, in one query."""
        is_valid = {"state": {"$ne": str(InvoiceState.VOID)}}
        return await self.newest(subscription_ids, is_valid, projection, session=session)
