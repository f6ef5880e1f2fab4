"""Writes the customers that delivered administrators are assigned to, many administrators in one pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from domain.partner.assignments import AssignmentFacts, add_delivered_assignment, remove_delivered_assignment
from domain.types import ActivityKind
from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers
from store.changes.customer_change import CustomerChange
from store.database.client import Document
from store.database.conflict_halving import halve_on_conflict
from store.database.scope import Scope, administrator_key
from store.events.log import EventDraft


@dataclass(frozen=True, slots=True)
class AssignmentUpdate:
    """One administrator's delivered customers; those assigned here stay, unless nothing may (`keeps_manual`)."""

    administrator_id: str
    name: str
    wanted: frozenset[str]
    keeps_manual: bool


async def write_assignments(scope: Scope, waiting: dict[str, AssignmentUpdate]) -> None:
    """Writes and empties what waits; a pass that was cut short is completed when its lines are repeated."""
    if not waiting:
        return
    by_customer = await _group_by_customer(scope, list(waiting.values()))
    customers = sorted(by_customer)

    async def assign(external_ids: Sequence[str], deadline: float) -> None:
        where: Document = {"external_id": {"$in": list(external_ids)}}
        await change_customers(scope, where, partial(_assign_customers, by_customer), deadline=deadline)

    for start in range(0, len(customers), BATCH_SIZE):
        await halve_on_conflict(customers[start : start + BATCH_SIZE], assign)
    for done in waiting.values():
        where = {**scope.match(), "_id": done.administrator_id}
        await scope.collection("administrators").update_one(where, {"$unset": {"assignments_pending": ""}})
    waiting.clear()


async def _group_by_customer(scope: Scope, waiting: list[AssignmentUpdate]) -> dict[str, list[AssignmentUpdate]]:
    """Whom to look at for each customer: those who are to be assigned to it, and those who are.

    A removed customer has no keys but keeps its assignments, which must not come back with it.
    """
    by_customer: dict[str, list[AssignmentUpdate]] = {}
    for assignment_update in waiting:
        where = match_assigned_customers(scope, assignment_update.administrator_id)
        held = await scope.collection("customers").find(where, {"_id": 0, "external_id": 1})
        for customer in assignment_update.wanted | {found["external_id"] for found in held}:
            by_customer.setdefault(customer, []).append(assignment_update)
    return by_customer


def match_assigned_customers(scope: Scope, administrator_id: str) -> Document:
    """The customers that the administrator is assigned to, removed ones included: both stand in the index of keys."""
    there = {"keys": administrator_key(administrator_id)}
    removed = {"keys": [], "assignments.administrator_id": administrator_id}
    return {**scope.match(), "$or": [there, removed]}


async def _assign_customers(by_customer: Mapping[str, list[AssignmentUpdate]], batch: CustomerBatch) -> None:
    for work in batch.changes:
        for assignment_update in by_customer[work.customer["external_id"]]:
            _assign_customer(work, assignment_update, batch)


def _assign_customer(work: CustomerChange, assignment_update: AssignmentUpdate, batch: CustomerBatch) -> None:
    others, held = [], None
    for hold in work.customer["assignments"]:
        if hold["administrator_id"] == assignment_update.administrator_id:
            held = hold
        else:
            others.append(hold)
    if work.customer["external_id"] in assignment_update.wanted:
        after: AssignmentFacts | None = add_delivered_assignment(held, assignment_update.administrator_id, batch.now)
    else:
        after = remove_delivered_assignment(held, batch.now, keeps_manual=assignment_update.keeps_manual)
    if after == held:
        return
    fields = {"assignments": others if after is None else [*others, after]}
    if held is not None and after is not None and held["expires_at"] == after["expires_at"]:
        work.update_customer_bookkeeping(fields)
        return
    work.update_customer(fields)
    work.add_event(_draft_event(work, assignment_update, held, after))


def _draft_event(
    work: CustomerChange,
    assignment_update: AssignmentUpdate,
    held: AssignmentFacts | None,
    after: AssignmentFacts | None,
) -> EventDraft:
    name = work.customer["name"]
    if after is None:
        summary = f"{assignment_update.name} is no longer assigned to {name}"
        return EventDraft(ActivityKind.ADMINISTRATOR_UNASSIGNED, assignment_update.administrator_id, summary)
    changes = {} if held is None else {"expires_at": [held["expires_at"], after["expires_at"]]}
    until = "" if after["expires_at"] is None else f" until {after['expires_at'].date().isoformat()}"
    verb = "was assigned to" if held is None else "stays assigned to"
    summary = f"{assignment_update.name} {verb} {name}{until}"
    return EventDraft(ActivityKind.ADMINISTRATOR_ASSIGNED, assignment_update.administrator_id, summary, changes)
