"""Invoices of subscriptions: their documents and reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Self

from domain.entitlements.invoices import InvoiceState
from domain.money import Money
from store.database.client import Document, IndexModel, Session
from store.database.scope import Scope
from store.entitlements.newest_documents import NEWEST_INDEX, BillingDocuments

COLLECTION = "invoices"
INVOICE_INDEXES = (
    IndexModel([("partner_id", 1), ("number", 1)], name="number", unique=True),
    IndexModel([("partner_id", 1), ("entitlement_id", 1), ("issued_on", -1), ("_id", -1)], name=NEWEST_INDEX),
)


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """An invoice of a subscription."""

    id: str
    customer_id: str
    entitlement_id: str
    number: str
    state: InvoiceState
    issued_on: date
    due_on: date
    total: Money
    document_url: str | None

    @classmethod
    def read(cls, document: Document) -> Self:
        """Return the typed form of a document of the collection, which stores a date as its midnight."""
        return cls(
            document["_id"],
            document["customer_id"],
            document["entitlement_id"],
            document["number"],
            InvoiceState(document["state"]),
            document["issued_on"].date(),
            document["due_on"].date(),
            Money(Decimal(document["amount"]), document["currency"]),
            document["document_url"],
        )


class Invoices(BillingDocuments[InvoiceDocument]):
    """The partner's invoices."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, COLLECTION, "issued_on", InvoiceDocument.read)

    async def newest_not_void(
        self, subscription_ids: Sequence[str], *, session: Session = None
    ) -> dict[str, InvoiceDocument]:
        """Return each subscription's newest invoice that is not VOID, in one query."""
        return await self.newest(subscription_ids, {"state": {"$ne": str(InvoiceState.VOID)}}, session=session)
