"""What a subscription stores of its invoices: filters ask for the newest state, a reason names an invoice, and
forecasts sum the newest amounts.

`invoice_state`, `invoice_amount` and `invoice_currency` are those of the newest invoice that is not VOID; of two of one
day, the later stored one is newer. `overdue_invoice` is the number of the oldest invoice that is OVERDUE. Each is None
without such an invoice.
"""

from collections.abc import Iterable, Mapping, Sequence

from domain.entitlements.invoices import InvoiceState
from store.changes.customer_batch import CustomerBatch
from store.database.client import Document, Session
from store.database.scope import Scope

# The facts by entitlement number.
FactsByNumber = Mapping[str, Document]
# Objects are compared by their fields in order, and null is neither the smallest nor the largest.
_OVERDUE = {
    "$cond": [
        {"$eq": ["$state", str(InvoiceState.OVERDUE)]},
        {"issued_on": "$issued_on", "number": "$number"},
        None,
    ]
}
_NOT_VOID = {
    "$cond": [
        {"$ne": ["$state", str(InvoiceState.VOID)]},
        {
            "issued_on": "$issued_on",
            "id": "$_id",
            "state": "$state",
            "amount": "$amount",
            "currency": "$currency",
        },
        None,
    ]
}
# Documents of invoices become one document for each subscription, with its id and its facts.
FACTS_PIPELINE: Sequence[Document] = (
    {"$group": {"_id": "$entitlement_id", "oldest": {"$min": _OVERDUE}, "newest": {"$max": _NOT_VOID}}},
    {
        "$project": {
            "invoice_state": {"$ifNull": ["$newest.state", None]},
            "invoice_amount": {"$ifNull": ["$newest.amount", None]},
            "invoice_currency": {"$ifNull": ["$newest.currency", None]},
            "overdue_invoice": {"$ifNull": ["$oldest.number", None]},
        }
    },
)
_NO_INVOICES: Document = dict.fromkeys(("invoice_state", "invoice_amount", "invoice_currency", "overdue_invoice"), None)


async def find_wrong_invoice_facts(
    scope: Scope, session: Session, entitlements: Iterable[Document]
) -> dict[str, Document]:
    """Return the right facts of the stored subscriptions and trials whose facts differ, by number."""
    documents = list(entitlements)
    where = {**scope.match(), "entitlement_id": {"$in": sorted(document["_id"] for document in documents)}}
    pipeline = [{"$match": where}, *FACTS_PIPELINE]
    groups = await scope.collection("invoices").aggregate(pipeline, session=session)
    facts = {group["_id"]: {name: group[name] for name in _NO_INVOICES} for group in groups}
    right = {document["number"]: facts.get(document["_id"], _NO_INVOICES) for document in documents}
    return {
        document["number"]: right[document["number"]]
        for document in documents
        if any(document.get(name) != value for name, value in right[document["number"]].items())
    }


async def update_invoice_facts(batch: CustomerBatch, subscription_ids: set[str] | None = None) -> None:
    """Store the facts of these subscriptions of the batch, or of all, after their invoices were written.

    No client sees the facts themselves: the customer's reasons and keys follow from them.
    """
    changes = {
        number: change
        for change in batch.changes
        for number, document in change.entitlements.items()
        if subscription_ids is None or document["_id"] in subscription_ids
    }
    stored = [change.entitlements[number] for number, change in changes.items()]
    for number, facts in (await find_wrong_invoice_facts(batch.scope, batch.session, stored)).items():
        changes[number].update_entitlement_bookkeeping(number, facts)
