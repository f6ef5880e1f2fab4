"""Writes the customers that delivered administrators are assigned to, many administrators in one pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from domain.failures import Unavailable
from domain.partner.assignments import Hold, with_delivered, without_delivered
from domain.types import ActivityKind
from store.changes.customer_batch import SLICE, CustomerSlice, change_customers
from store.changes.customer_change import CustomerWork
from store.database.client import ConnectionFailure, Document
from store.database.scope import Scope, administrator_key
from store.database.transactions import DEADLINE_SECONDS
from store.events.log import Note

# A slice that somebody keeps changing is halved after so long, until it is one customer.
_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Assigning:
    """One administrator's delivered customers; those assigned here stay, unless nothing may (`keeps_own`)."""

    administrator_id: str
    name: str
    wanted: frozenset[str]
    keeps_own: bool


async def assign(scope: Scope, waiting: dict[str, Assigning]) -> None:
    """Writes and empties what waits; a pass that was cut short is completed when its lines are repeated."""
    if not waiting:
        return
    by_customer = await _by_customer(scope, list(waiting.values()))
    customers = sorted(by_customer)
    for start in range(0, len(customers), SLICE):
        await _assign_slice(scope, by_customer, customers[start : start + SLICE])
    for done in waiting.values():
        where = {**scope.match(), "_id": done.administrator_id}
        await scope.collection("administrators").update_one(where, {"$unset": {"assignments_pending": ""}})
    waiting.clear()


async def _by_customer(scope: Scope, waiting: list[Assigning]) -> dict[str, list[Assigning]]:
    """Whom to look at for each customer: those who are to be assigned to it, and those who are.

    A removed customer has no keys but keeps its assignments, which must not come back with it.
    """
    by_customer: dict[str, list[Assigning]] = {}
    for assigning in waiting:
        where = held_by(scope, assigning.administrator_id)
        held = await scope.collection("customers").find(where, {"_id": 0, "external_id": 1})
        for customer in assigning.wanted | {found["external_id"] for found in held}:
            by_customer.setdefault(customer, []).append(assigning)
    return by_customer


def held_by(scope: Scope, administrator_id: str) -> Document:
    """The customers that the administrator is assigned to, removed ones included: both stand in the index of keys."""
    there = {"keys": administrator_key(administrator_id)}
    removed = {"keys": [], "assignments.administrator_id": administrator_id}
    return {**scope.match(), "$or": [there, removed]}


async def _assign_slice(scope: Scope, by_customer: Mapping[str, list[Assigning]], customers: Sequence[str]) -> None:
    where: Document = {"external_id": {"$in": list(customers)}}
    deadline = DEADLINE_SECONDS if len(customers) == 1 else _PATIENCE_SECONDS
    try:
        await change_customers(scope, where, partial(_assign, by_customer), deadline=deadline)
    except Unavailable as error:
        if len(customers) == 1 or isinstance(error.__cause__, ConnectionFailure):
            raise
        middle = len(customers) // 2
        await _assign_slice(scope, by_customer, customers[:middle])
        await _assign_slice(scope, by_customer, customers[middle:])


async def _assign(by_customer: Mapping[str, list[Assigning]], changing: CustomerSlice) -> None:
    for work in changing.works:
        for assigning in by_customer[work.customer["external_id"]]:
            _assign_one(work, assigning, changing)


def _assign_one(work: CustomerWork, assigning: Assigning, changing: CustomerSlice) -> None:
    others, held = [], None
    for hold in work.customer["assignments"]:
        if hold["administrator_id"] == assigning.administrator_id:
            held = hold
        else:
            others.append(hold)
    if work.customer["external_id"] in assigning.wanted:
        after: Hold | None = with_delivered(held, assigning.administrator_id, changing.now)
    else:
        after = without_delivered(held, changing.now, keeps_own=assigning.keeps_own)
    if after == held:
        return
    fields = {"assignments": others if after is None else [*others, after]}
    if held is not None and after is not None and held["expires_at"] == after["expires_at"]:
        work.remember_customer(fields)
        return
    work.put_customer(fields)
    work.note(_note(work, assigning, held, after))


def _note(work: CustomerWork, assigning: Assigning, held: Hold | None, after: Hold | None) -> Note:
    name = work.customer["name"]
    if after is None:
        summary = f"{assigning.name} is no longer assigned to {name}"
        return Note(ActivityKind.ADMINISTRATOR_UNASSIGNED, assigning.administrator_id, summary)
    changes = {} if held is None else {"expires_at": [held["expires_at"], after["expires_at"]]}
    until = "" if after["expires_at"] is None else f" until {after['expires_at'].date().isoformat()}"
    verb = "was assigned to" if held is None else "stays assigned to"
    summary = f"{assigning.name} {verb} {name}{until}"
    return Note(ActivityKind.ADMINISTRATOR_ASSIGNED, assigning.administrator_id, summary, changes)
