"""A subscription or a trial that a mutation is about to change, with its customer."""

from dataclasses import dataclass
from datetime import datetime

from domain.entitlements.lifecycle import entitlement_facts, state_at
from domain.types import EntitlementState, SubscriptionType
from store.changes.customer_batch import CustomerSlice
from store.changes.customer_change import CustomerWork
from store.changes.customer_fields import is_removed
from store.changes.mutations import Mutation
from store.database.client import Document
from store.database.ids import prefix_of
from store.entitlements.documents import COLLECTION

_PREFIXES = {SubscriptionType.SUBSCRIPTION: "sub", SubscriptionType.TRIAL: "tri"}


@dataclass(frozen=True, slots=True)
class Held:
    """The entitlement's document, its customer's work, and the slice in which both are written."""

    changing: CustomerSlice
    work: CustomerWork
    document: Document

    @property
    def now(self) -> datetime:
        """The moment of the change."""
        return self.changing.now

    @property
    def state(self) -> EntitlementState:
        """Where it stands at that moment."""
        return state_at(entitlement_facts(self.document), self.now)

    @property
    def title(self) -> str:
        """What the log calls it: `Trial TRI-7 of Acme`."""
        kind = "Trial" if self.document["kind"] == SubscriptionType.TRIAL else "Subscription"
        return f"{kind} {self.document['number']} of {self.work.customer['name']}"


async def held_entitlement(mutation: Mutation, kind: SubscriptionType, field: str) -> Held:
    """The one that the input's `field` names; where it is not in sight the mutation is rejected.

    Nothing of it can be judged then, so whatever can be said of the rest of the input has to be said before.
    """
    id_ = mutation.input[field]
    scope = mutation.scope
    if prefix_of(id_) == _PREFIXES[kind]:
        where = {**scope.match(), "_id": id_}
        found = await scope.collection(COLLECTION).find_one(where, {"customer_id": 1}, session=mutation.session)
        changing = await mutation.customers({"_id": found and found["customer_id"]})
        works = [work for work in changing.works if not is_removed(work.customer, changing.now)]
        if works:
            document = next(one for one in works[0].entitlements.values() if one["_id"] == id_)
            return Held(changing, works[0], document)
    mutation.checks.missing(kind.lower(), field)
    raise mutation.checks.rejected()
