"""The ordering system's ids of customers: unique in the partner, and free again once their customer was removed.

A removed customer keeps its id until another customer gets the same one. Then the removed one takes its own id in its
place and remembers the former one and when it lost it: removals from before that moment, and what was delivered for it
by that id, stay with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from store.changes.customer_batch import CustomerBatch, load_more_customers
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.database.client import Document, IndexModel, Session, UpdateMany
from store.database.scope import Scope

RELEASED_FIELD = "released_external_id"
_RELEASED_AT = "external_id_released_at"
RELEASED_ID_INDEX = IndexModel(
    [("partner_id", 1), (RELEASED_FIELD, 1)],
    name=RELEASED_FIELD,
    partialFilterExpression={RELEASED_FIELD: {"$exists": True}},
)


async def is_external_id_taken(batch: CustomerBatch, external_id: str, own_id: str | None = None) -> bool:
    """Return whether another customer of the partner, visible or not, has the id; a removed one does not count.

    Of two concurrent transactions, the second one fails on the unique index, is repeated and finds the id here.
    """
    where = {**batch.scope.match(), "external_id": external_id}
    stored = await batch.scope.collection("customers").find_one(where, {"removed_at": 1}, session=batch.session)
    return stored is not None and stored["_id"] != own_id and not is_removed(stored, batch.now)


async def release_external_id(batch: CustomerBatch, external_id: str) -> None:
    """Take the id from a removed customer, if one has it, together with what deliveries assigned by this id."""
    scope, session = batch.scope, batch.session
    where = {**scope.match(), "external_id": external_id}
    stored = await scope.collection("customers").find_one(where, {"_id": 1}, session=session)
    if stored is None:
        return
    await load_more_customers(batch, [stored["_id"]])
    change = next(change for change in batch.changes if not change.is_new and change.id == stored["_id"])
    change.update_customer({"external_id": change.id, RELEASED_FIELD: external_id, _RELEASED_AT: batch.now})
    # The next delivered list that names the id assigns the new customer.
    assigned = {**scope.match(), "delivered.assigned": external_id}
    forget = UpdateMany(assigned, {"$pull": {"delivered.assigned": external_id}})
    await scope.collection("administrators").bulk_write([forget], session=session)


async def read_released_customers(
    scope: Scope, external_ids: Sequence[str], session: Session = None
) -> Sequence[Document]:
    """Return the id and the former external id of the removed customers that had one of the ids."""
    where = {**scope.match(), RELEASED_FIELD: {"$in": list(external_ids)}}
    fields = {RELEASED_FIELD: 1}
    return await scope.collection("customers").find(where, fields, hint=RELEASED_FIELD, session=session)


async def load_released_customers(batch: CustomerBatch, external_ids: Sequence[str]) -> None:
    """Load the removed customers that had one of the ids."""
    if external_ids:
        customers = await read_released_customers(batch.scope, external_ids, batch.session)
        await load_more_customers(batch, [customer["_id"] for customer in customers])


class CustomersByExternalId:
    """The customers of a batch by the ids that records name."""

    def __init__(self, changes: Iterable[CustomerChange]) -> None:
        self._present: dict[str, CustomerChange] = {}
        self._released: dict[str, list[CustomerChange]] = {}
        for change in changes:
            customer = change.customer
            self._present[customer["external_id"]] = change
            if RELEASED_FIELD in customer:
                self._released.setdefault(customer[RELEASED_FIELD], []).append(change)

    def find(self, values: Mapping[str, Any]) -> CustomerChange | None:
        """Return the customer that a record describes, None for a new one.

        A removal, also a repeated or corrected one, is that of the customer that had the id at its moment.
        """
        external_id, removed_at = values["externalId"], values.get("removedAt")
        if removed_at is not None:
            released = self._released.get(external_id, ())
            had_it = [change for change in released if removed_at <= change.customer[_RELEASED_AT]]
            if had_it:
                return min(had_it, key=lambda change: change.customer[_RELEASED_AT])
        return self._present.get(external_id)

    def add(self, external_id: str, change: CustomerChange) -> CustomerChange:
        """Add a new customer and return it."""
        self._present[external_id] = change
        return change
