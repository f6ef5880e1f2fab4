"""Writes the customers that delivered administrators are assigned to, many administrators in one pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from domain.types import ActivityKind
from store.client import Document
from store.customer_slices import SLICE, CustomerSlice, change_customers
from store.customer_work import CustomerWork
from store.events import Note
from store.scope import Scope, administrator_key


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
        where: Document = {"external_id": {"$in": customers[start : start + SLICE]}}
        await change_customers(scope, where, partial(_assign, by_customer))
    for done in waiting.values():
        where = {**scope.match(), "_id": done.administrator_id}
        await scope.collection("administrators").update_one(where, {"$unset": {"assignments_pending": ""}})
    waiting.clear()


async def _by_customer(scope: Scope, waiting: list[Assigning]) -> dict[str, list[Assigning]]:
    """Whom to look at for each customer: those who are to be assigned to it, and those who are."""
    by_customer: dict[str, list[Assigning]] = {}
    for assigning in waiting:
        where = {**scope.match(), "keys": administrator_key(assigning.administrator_id)}
        held = await scope.collection("customers").find(where, {"_id": 0, "external_id": 1})
        for customer in assigning.wanted | {found["external_id"] for found in held}:
            by_customer.setdefault(customer, []).append(assigning)
    return by_customer


async def _assign(by_customer: Mapping[str, list[Assigning]], changing: CustomerSlice) -> None:
    for work in changing.works:
        for assigning in by_customer[work.customer["external_id"]]:
            _assign_one(work, assigning, changing)


def _assign_one(work: CustomerWork, assigning: Assigning, changing: CustomerSlice) -> None:
    is_wanted = work.customer["external_id"] in assigning.wanted
    before: list[Document] = work.customer["assignments"]
    theirs = [held for held in before if held["administrator_id"] == assigning.administrator_id]
    kept = [held for held in theirs if is_wanted or (assigning.keeps_own and not held["imported"])]
    added = [_imported(assigning, changing)] if is_wanted and not kept else []
    if kept == theirs and not added:
        return
    others = [held for held in before if held["administrator_id"] != assigning.administrator_id]
    work.put_customer({"assignments": [*others, *kept, *added]})
    kind = ActivityKind.ADMINISTRATOR_ASSIGNED if added else ActivityKind.ADMINISTRATOR_UNASSIGNED
    verb = "was assigned to" if added else "is no longer assigned to"
    work.note(Note(kind, assigning.administrator_id, f"{assigning.name} {verb} {work.customer['name']}"))


def _imported(assigning: Assigning, changing: CustomerSlice) -> Document:
    return {
        "administrator_id": assigning.administrator_id,
        "assigned_at": changing.now,
        "assigned_by": None,
        "expires_at": None,
        "imported": True,
    }
