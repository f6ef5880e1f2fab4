"""Writes slices of delivered customers, subscriptions and trials: each slice is one transaction of the write path."""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import partial

from domain.failures import LineRefused
from domain.imports.merging import apply_customer, apply_entitlement
from domain.imports.records import Line, LineKind
from domain.types import SubscriptionType
from store.changes.customer_batch import CustomerSlice, change_customers
from store.changes.customer_change import CustomerWork
from store.changes.customer_fields import is_removed
from store.database.client import Document
from store.database.ids import new_id
from store.database.scope import Scope
from store.imports.events import DeliveryNotes


class Outcome(Enum):
    """What became of an accepted line."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


LineOutcome = Outcome | LineRefused
_PREFIX = {LineKind.SUBSCRIPTIONS: "sub", LineKind.TRIALS: "tri"}
_KIND = {LineKind.SUBSCRIPTIONS: SubscriptionType.SUBSCRIPTION, LineKind.TRIALS: SubscriptionType.TRIAL}
# The end that something has reached is a fact of ours: unlike a delivered one it leaves the renewals as they are.
_END = ("first_ends_at", "ends_at")


async def deliver_customers(scope: Scope, lines: Sequence[Line], deadline: float) -> list[LineOutcome]:
    """Upserts customers; the outcomes stand in the lines' order."""
    where = {"external_id": {"$in": sorted({line.key for line in lines})}}
    return await change_customers(scope, where, partial(_customers, lines), deadline=deadline)


async def _customers(lines: Sequence[Line], changing: CustomerSlice) -> list[LineOutcome]:
    works = {work.customer["external_id"]: work for work in changing.works}
    notes: dict[str, DeliveryNotes] = {}
    outcomes: list[LineOutcome] = []
    for line in lines:
        work = works.get(line.key)
        if work is None:
            work = works[line.key] = changing.begin()
        told = notes.get(line.key)
        if told is None:
            told = notes[line.key] = DeliveryNotes(work)
        outcomes.append(_customer(work, told, line, changing))
    for key, told in notes.items():
        work = works[key]
        told.tell(removed=is_removed(work.customer, changing.now) and not work.is_told_removed)
    return outcomes


def _customer(work: CustomerWork, told: DeliveryNotes, line: Line, changing: CustomerSlice) -> Outcome:
    is_there = "_id" in work.customer
    merge = apply_customer(work.customer if is_there else None, line, changing.now)
    if merge.delivered is None:
        return Outcome.UNCHANGED
    if is_there and not merge.fields:
        work.remember_customer({"delivered": merge.delivered})
        return Outcome.UNCHANGED
    if is_there:
        told.changed(work.customer, merge.fields)
    else:
        told.added()
    work.put_customer({**merge.fields, "delivered": merge.delivered})
    return Outcome.CHANGED if is_there else Outcome.ADDED


async def deliver_entitlements(scope: Scope, lines: Sequence[Line], deadline: float) -> list[LineOutcome]:
    """Upserts subscriptions or trials; the outcomes stand in the lines' order."""
    where = {"external_id": {"$in": sorted({line.values["customer"] for line in lines})}}
    return await change_customers(scope, where, partial(_entitlements, lines), deadline=deadline)


async def _entitlements(lines: Sequence[Line], changing: CustomerSlice) -> list[LineOutcome]:
    works = {work.customer["external_id"]: work for work in changing.works}
    holders = await _holders(changing, lines)
    notes: dict[str, DeliveryNotes] = {}
    outcomes: list[LineOutcome] = []
    for line in lines:
        try:
            work = _work_of(works, holders, line)
            told = notes.setdefault(work.id, DeliveryNotes(work))
            outcomes.append(_entitlement(work, told, line, changing))
            holders[line.key] = work.id
        except LineRefused as refused:
            outcomes.append(refused)
    for told in notes.values():
        told.tell()
    return outcomes


async def _holders(changing: CustomerSlice, lines: Sequence[Line]) -> dict[str, str]:
    """The customer behind each number that is taken: in the slice itself, and elsewhere for numbers unknown there."""
    holders = {number: work.id for work in changing.works for number in work.entitlements}
    unknown = sorted({line.key for line in lines} - holders.keys())
    if unknown:
        where = {**changing.scope.match(), "number": {"$in": unknown}}
        entitlements = changing.scope.collection("entitlements")
        for found in await entitlements.find(where, {"number": 1, "customer_id": 1}, session=changing.session):
            holders[found["number"]] = found["customer_id"]
    return holders


def _work_of(works: Mapping[str, CustomerWork], holders: Mapping[str, str], line: Line) -> CustomerWork:
    work = works.get(line.values["customer"])
    if work is None:
        raise LineRefused("customer", f"there is no customer {line.values['customer']!r}")
    if holders.get(line.key, work.id) != work.id:
        raise LineRefused("number", "is taken by an entitlement of another customer")
    return work


def _entitlement(work: CustomerWork, told: DeliveryNotes, line: Line, changing: CustomerSlice) -> Outcome:
    document = work.entitlements.get(line.key)
    if document is not None and document["kind"] != _KIND[line.kind]:
        raise LineRefused("number", f"is taken by a {document['kind'].lower()} of this customer")
    merge = apply_entitlement(document, line, changing.now)
    if merge.delivered is None:
        return Outcome.UNCHANGED
    if document is None:
        identity = {"_id": new_id(_PREFIX[line.kind]), "customer_id": work.id}
        work.add_entitlement({**identity, **merge.fields, "delivered": merge.delivered})
        told.added(line.key)
        return Outcome.ADDED
    if not merge.fields:
        work.remember_entitlement(line.key, {"delivered": merge.delivered})
        return Outcome.UNCHANGED
    told.changed(document, merge.fields, line.key)
    _put(work, document, line, {**merge.fields, "delivered": merge.delivered})
    return Outcome.CHANGED


def _put(work: CustomerWork, document: Document, line: Line, fields: Document) -> None:
    before = document.get("delivered") or {}
    if before.get("endsAt") == line.values["endsAt"]:
        document.update({name: fields.pop(name) for name in _END if name in fields})
    work.put_entitlement(line.key, fields)
