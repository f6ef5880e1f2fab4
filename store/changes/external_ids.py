"""The ordering system's ids of customers: unique in the partner, and free again once their customer was removed.

A removed customer keeps its id until another customer gets the same one. Then the removed one takes its own id in its
place and remembers the former one and when it lost it: removals from before that moment, and what was delivered for it
by that id, stay with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from store.changes.customer_batch import CustomerBatch, load_more_customers
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.database.client import Client, Document, IndexModel, Session, UpdateMany, UpdateOne
from store.database.ids import new_id
from store.database.scope import Scope

# They are found in a collection of their own: an index of the customers costs time in every change (decision 0006).
RELEASED_IDS = "released_external_ids"
RELEASED_ID_INDEXES = (IndexModel([("partner_id", 1), ("external_id", 1)], name="external_id"),)
_RELEASED_ID, _RELEASED_AT = "released_external_id", "external_id_released_at"


class ReleasedId(NamedTuple):
    """An external id that a removed customer had."""

    customer_id: str
    external_id: str


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
    change.update_customer({"external_id": change.id, _RELEASED_ID: external_id, _RELEASED_AT: batch.now})
    released = _released_id_document(scope.partner_id, ReleasedId(change.id, external_id), batch.now)
    await scope.collection(RELEASED_IDS).insert_many([released], session=session)
    # The next delivered list that names the id assigns the new customer.
    assigned = {**scope.match(), "delivered.assigned": external_id}
    forget = UpdateMany(assigned, {"$pull": {"delivered.assigned": external_id}})
    await scope.collection("administrators").bulk_write([forget], session=session)


async def read_released_ids(scope: Scope, external_ids: Sequence[str], session: Session = None) -> set[ReleasedId]:
    """Return the removed customers that had one of the ids."""
    where = {**scope.match(), "external_id": {"$in": list(external_ids)}}
    documents = await scope.collection(RELEASED_IDS).find(where, session=session)
    return {ReleasedId(document["customer_id"], document["external_id"]) for document in documents}


async def load_released_customers(batch: CustomerBatch, external_ids: Sequence[str]) -> None:
    """Load the removed customers that had one of the ids."""
    if external_ids:
        released = await read_released_ids(batch.scope, external_ids, batch.session)
        await load_more_customers(batch, sorted({customer.customer_id for customer in released}))


async def store_released_ids(client: Client) -> None:
    """Store the released ids that former versions kept at the customers alone, and drop their index; repeatable."""
    customers = client.collection("customers")
    for customer in await customers.find({_RELEASED_ID: {"$exists": True}}):
        released = ReleasedId(customer["_id"], customer[_RELEASED_ID])
        document = _released_id_document(customer["partner_id"], released, customer[_RELEASED_AT])
        where = {"partner_id": document["partner_id"], **released._asdict()}
        await client.collection(RELEASED_IDS).bulk_write([UpdateOne(where, {"$setOnInsert": document}, upsert=True)])
    if _RELEASED_ID in await customers.index_names():
        await client.command({"dropIndexes": "customers", "index": _RELEASED_ID})


def _released_id_document(partner_id: str, released: ReleasedId, at: datetime) -> Document:
    stamps = {"version": 1, "created_at": at, "updated_at": at}
    return {"_id": new_id("rid"), "partner_id": partner_id, **stamps, **released._asdict()}


class CustomersByExternalId:
    """The customers of a batch by the ids that records name."""

    def __init__(self, changes: Iterable[CustomerChange]) -> None:
        self._present: dict[str, CustomerChange] = {}
        self._released: dict[str, list[CustomerChange]] = {}
        for change in changes:
            customer = change.customer
            self._present[customer["external_id"]] = change
            if _RELEASED_ID in customer:
                self._released.setdefault(customer[_RELEASED_ID], []).append(change)

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
