"""A subscription or a trial that a mutation is about to change, with its customer."""

from dataclasses import dataclass
from datetime import datetime

from domain.entitlements.lifecycle import entitlement_from_document, state_at
from domain.types import EntitlementState, SubscriptionType
from store.changes.customer_batch import CustomerBatch
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.changes.mutations import Mutation
from store.database.client import Document
from store.database.ids import prefix_of
from store.entitlements.documents import COLLECTION

_PREFIXES = {SubscriptionType.SUBSCRIPTION: "sub", SubscriptionType.TRIAL: "tri"}


@dataclass(frozen=True, slots=True)
class EntitlementChange:
    """The entitlement's document, its customer's work, and the slice in which both are written."""

    batch: CustomerBatch
    change: CustomerChange
    document: Document

    @property
    def now(self) -> datetime:
        """The moment of the change."""
        return self.batch.now

    @property
    def state(self) -> EntitlementState:
        """Where it stands at that moment."""
        return state_at(entitlement_from_document(self.document), self.now)

    @property
    def title(self) -> str:
        """What the log calls it: `Trial TRI-7 of Acme`."""
        kind = "Trial" if self.document["kind"] == SubscriptionType.TRIAL else "Subscription"
        return f"{kind} {self.document['number']} of {self.change.customer['name']}"


async def load_entitlement(mutation: Mutation, kind: SubscriptionType, field: str) -> EntitlementChange:
    """The one that the input's `field` names; where it is not in sight the mutation is rejected.

    Nothing of it can be judged then, so whatever can be said of the rest of the input has to be said before.
    """
    id_ = mutation.input[field]
    scope = mutation.scope
    if prefix_of(id_) == _PREFIXES[kind]:
        where = {**scope.match(), "_id": id_}
        found = await scope.collection(COLLECTION).find_one(where, {"customer_id": 1}, session=mutation.session)
        batch = await mutation.load_customers({"_id": found and found["customer_id"]})
        works = [work for work in batch.changes if not is_removed(work.customer, batch.now)]
        if works:
            document = next(one for one in works[0].entitlements.values() if one["_id"] == id_)
            return EntitlementChange(batch, works[0], document)
    mutation.checks.add_not_found(kind.lower(), field)
    raise mutation.checks.build_rejection()
