"""Writes the assignments that imports deliver: many administrators in one pass over their customers.

A delivered list gives and takes only what differs from the list delivered before. The transaction that stores the new
list also stores the differing customers on the administrator (`PENDING_ASSIGNMENTS`); later transactions write them.
After an interruption, importing the record again completes them. What is changed here in between is no longer pending.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct

from domain.batches import split_into_batches
from domain.imports.merging import is_assignable
from domain.partner.assignments import add_delivered_assignment, remove_delivered_assignment
from store.access.assignment_changes import remove_assignment, split_assignments, update_assignment
from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers
from store.changes.customer_change import CustomerChange
from store.database.client import Client, Document, UpdateMany, UpdateOne
from store.database.conflict_halving import halve_on_conflict
from store.database.ids import new_id
from store.database.scope import Scope
from store.tenants.administrators import COLLECTION

PENDING_ASSIGNMENTS = "assignments_pending"


class AssignmentUpdate(Struct, frozen=True):
    """The customers, by external id, that a delivery gives to one administrator or takes from them.

    `pending_id` names the stored pending list.
    """

    administrator_id: str
    pending_id: str
    name: str
    given: frozenset[str]
    taken: frozenset[str]


def build_pending_assignments(document: Document | None, after: Document) -> Document | None:
    """Return the customers that are to be written, None without any; `after` is the administrator's new document."""
    before = set() if document is None else set(document["delivered"].get("assigned", ()))
    unfinished = (document or {}).get(PENDING_ASSIGNMENTS) or {"customers": ()}
    customers = {*unfinished["customers"], *before.symmetric_difference(after["delivered"].get("assigned", ()))}
    # Administrators of other roles have no assignments, and do not get later what was delivered meanwhile.
    return {"id": new_id("apd"), "customers": sorted(customers)} if customers and is_assignable(after) else None


def build_assignment_update(administrator: Document) -> AssignmentUpdate | None:
    """Return the update that writes the administrator's pending assignments, None without any."""
    pending = administrator.get(PENDING_ASSIGNMENTS)
    if pending is None:
        return None
    customers, assigned = frozenset(pending["customers"]), frozenset(administrator["delivered"].get("assigned", ()))
    id_, name = administrator["_id"], administrator["display_name"]
    return AssignmentUpdate(id_, pending["id"], name, customers & assigned, customers - assigned)


async def write_assignments(scope: Scope, updates: dict[str, AssignmentUpdate]) -> None:
    """Write the updates and clear them."""
    by_customer: dict[str, list[AssignmentUpdate]] = {}
    for update in updates.values():
        for external_id in update.given | update.taken:
            by_customer.setdefault(external_id, []).append(update)

    async def assign(external_ids: Sequence[str], deadline: float) -> None:
        where: Document = {"external_id": {"$in": list(external_ids)}}
        await change_customers(scope, where, partial(_assign_customers, by_customer), deadline=deadline)

    for batch in split_into_batches(sorted(by_customer), BATCH_SIZE):
        await halve_on_conflict(batch, assign)
    for update in updates.values():
        finished = {"$unset": {PENDING_ASSIGNMENTS: ""}}
        await scope.collection(COLLECTION).update_one(_match_pending(scope, update), finished)
    updates.clear()


async def store_pending_lists(client: Client) -> None:
    """Turn the mark of an interrupted import into the list of its customers, for a migration."""
    pending = {"id": "$_id", "customers": {"$ifNull": ["$delivered.assigned", []]}}
    writes = [
        UpdateMany({PENDING_ASSIGNMENTS: True}, [{"$set": {PENDING_ASSIGNMENTS: pending}}]),
        UpdateMany({PENDING_ASSIGNMENTS: False}, {"$unset": {PENDING_ASSIGNMENTS: ""}}),
    ]
    await client.collection(COLLECTION).bulk_write(writes)


def _match_pending(scope: Scope, update: AssignmentUpdate) -> Document:
    return {**scope.match(), "_id": update.administrator_id, f"{PENDING_ASSIGNMENTS}.id": update.pending_id}


async def _assign_customers(by_customer: Mapping[str, list[AssignmentUpdate]], batch: CustomerBatch) -> None:
    pending = await _lock_pending(by_customer, batch)
    for change in batch.changes:
        for update in by_customer[change.customer["external_id"]]:
            if update.pending_id in pending:
                _assign_customer(change, update, batch)


async def _lock_pending(by_customer: Mapping[str, list[AssignmentUpdate]], batch: CustomerBatch) -> set[str]:
    """Return the ids of the lists that are still pending; a role changed here, or a later import, ends them.

    The counter makes this transaction conflict with one that takes the access of the administrator away.
    """
    scope, session = batch.scope, batch.session
    external_ids = [change.customer["external_id"] for change in batch.changes]
    updates = {update.administrator_id: update for id_ in external_ids for update in by_customer[id_]}
    administrators = scope.collection(COLLECTION)
    where = {**scope.match(), "_id": {"$in": sorted(updates)}}
    stored = await administrators.find(where, {f"{PENDING_ASSIGNMENTS}.id": 1}, session=session)
    pending = {document["_id"]: (document.get(PENDING_ASSIGNMENTS) or {}).get("id") for document in stored}
    locked = [update for id_, update in sorted(updates.items()) if pending.get(id_) == update.pending_id]
    counted = {"$inc": {f"{PENDING_ASSIGNMENTS}.batches": 1}}
    writes = [UpdateOne(_match_pending(scope, update), counted) for update in locked]
    await administrators.bulk_write(writes, session=session)
    return {update.pending_id for update in locked}


def _assign_customer(change: CustomerChange, update: AssignmentUpdate, batch: CustomerBatch) -> None:
    id_, external_id = update.administrator_id, change.customer["external_id"]
    before, others = split_assignments(change, id_)
    after = remove_delivered_assignment(before, batch.now)
    if external_id in update.given:
        after = add_delivered_assignment(before, id_, batch.now)
    if after is None:
        remove_assignment(change, id_, update.name)
    else:
        update_assignment(change, id_, update.name, before, after, others)
