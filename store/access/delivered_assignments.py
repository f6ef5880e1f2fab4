"""Writes the assignments that imports deliver: many administrators in one pass over their customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from domain.batches import split_into_batches
from domain.partner.assignments import add_delivered_assignment, remove_delivered_assignment
from domain.types import ActivityKind
from store.access.assignment_changes import split_assignments, update_assignment
from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers
from store.changes.customer_change import CustomerChange
from store.database.client import Document
from store.database.conflict_halving import halve_on_conflict
from store.database.scope import Scope, administrator_key
from store.events.log import EventDraft


@dataclass(frozen=True, slots=True)
class AssignmentUpdate:
    """The external ids of all customers that a delivery assigns to one administrator.

    Manual assignments stay only where `keeps_manual`.
    """

    administrator_id: str
    name: str
    wanted: frozenset[str]
    keeps_manual: bool


async def write_assignments(scope: Scope, pending: dict[str, AssignmentUpdate]) -> None:
    """Write the pending updates and clear them; after an interruption, importing the records again completes them."""
    if not pending:
        return
    by_customer = await _group_by_customer(scope, list(pending.values()))
    customers = sorted(by_customer)

    async def assign(external_ids: Sequence[str], deadline: float) -> None:
        where: Document = {"external_id": {"$in": list(external_ids)}}
        await change_customers(scope, where, partial(_assign_customers, by_customer), deadline=deadline)

    for batch in split_into_batches(customers, BATCH_SIZE):
        await halve_on_conflict(batch, assign)
    for update in pending.values():
        where = {**scope.match(), "_id": update.administrator_id}
        await scope.collection("administrators").update_one(where, {"$unset": {"assignments_pending": ""}})
    pending.clear()


async def _group_by_customer(scope: Scope, updates: list[AssignmentUpdate]) -> dict[str, list[AssignmentUpdate]]:
    """Return the updates that concern each customer, by external id: delivered and existing assignments.

    A removed customer has no keys but keeps its assignments. They must not return with the customer.
    """
    by_customer: dict[str, list[AssignmentUpdate]] = {}
    for update in updates:
        where = match_assigned_customers(scope, update.administrator_id)
        assigned = await scope.collection("customers").find(where, {"_id": 0, "external_id": 1})
        for external_id in update.wanted | {customer["external_id"] for customer in assigned}:
            by_customer.setdefault(external_id, []).append(update)
    return by_customer


def match_assigned_customers(scope: Scope, administrator_id: str) -> Document:
    """Return the condition of the administrator's customers, also removed ones; the index of keys serves both."""
    existing = {"keys": administrator_key(administrator_id)}
    removed = {"keys": [], "assignments.administrator_id": administrator_id}
    return {**scope.match(), "$or": [existing, removed]}


async def _assign_customers(by_customer: Mapping[str, list[AssignmentUpdate]], batch: CustomerBatch) -> None:
    for change in batch.changes:
        for update in by_customer[change.customer["external_id"]]:
            _assign_customer(change, update, batch)


def _assign_customer(change: CustomerChange, update: AssignmentUpdate, batch: CustomerBatch) -> None:
    before, others = split_assignments(change, update.administrator_id)
    if change.customer["external_id"] in update.wanted:
        after = add_delivered_assignment(before, update.administrator_id, batch.now)
    else:
        remaining = remove_delivered_assignment(before, batch.now, keeps_manual=update.keeps_manual)
        if remaining is None:
            _unassign(change, update, is_assigned=before is not None, others=others)
            return
        after = remaining
    update_assignment(change, update.administrator_id, update.name, before, after, others)


def _unassign(change: CustomerChange, update: AssignmentUpdate, *, is_assigned: bool, others: list[Document]) -> None:
    if not is_assigned:
        return
    change.update_customer({"assignments": others})
    summary = f"{update.name} is no longer assigned to {change.customer['name']}"
    change.add_event(EventDraft(ActivityKind.ADMINISTRATOR_UNASSIGNED, update.administrator_id, summary))
