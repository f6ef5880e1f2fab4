"""A subscription or a trial that a mutation changes, with its customer."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.entitlements.lifecycle import entitlement_from_document, state_at
from domain.messages import translatable
from domain.types import EntitlementState, SubscriptionType
from store.changes.customer_batch import CustomerBatch
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.changes.mutations import Mutation
from store.database.client import Document
from store.database.ids import prefix_of
from store.entitlements.documents import COLLECTION

_NAMES = {
    SubscriptionType.SUBSCRIPTION: translatable("subscription"),
    SubscriptionType.TRIAL: translatable("trial"),
}
_PREFIXES = {SubscriptionType.SUBSCRIPTION: "sub", SubscriptionType.TRIAL: "tri"}


class EntitlementChange(Struct, frozen=True):
    """The entitlement's document, the change of its customer, and the batch that writes both."""

    batch: CustomerBatch
    change: CustomerChange
    document: Document

    @property
    def now(self) -> datetime:
        """The moment of the change."""
        return self.batch.now

    @property
    def state(self) -> EntitlementState:
        """The entitlement's state at that moment."""
        return state_at(entitlement_from_document(self.document), self.now)

    @property
    def title(self) -> str:
        """The entitlement's name in the log: `Trial TRI-7 of Acme`."""
        kind = "Trial" if self.document["kind"] == SubscriptionType.TRIAL else "Subscription"
        return f"{kind} {self.document['number']} of {self.change.customer['name']}"


async def load_entitlement(mutation: Mutation[Any], kind: SubscriptionType, id_: str, field: str) -> EntitlementChange:
    """Return the entitlement of the input's `field`; raise InputRejected where it is not visible.

    Nothing about it can be checked then. So a caller checks the rest of the input first.
    """
    scope = mutation.scope
    if prefix_of(id_) == _PREFIXES[kind]:
        where = {**scope.match(), "_id": id_}
        stored = await scope.collection(COLLECTION).find_one(where, {"customer_id": 1}, session=mutation.session)
        batch = await mutation.load_customers({"_id": stored and stored["customer_id"]})
        changes = [change for change in batch.changes if not is_removed(change.customer, batch.now)]
        if changes:
            document = next(document for document in changes[0].entitlements.values() if document["_id"] == id_)
            return EntitlementChange(batch, changes[0], document)
    mutation.checks.add_not_found(_NAMES[kind], field)
    raise mutation.checks.build_rejection()
