"""Writes slices of delivered customers, subscriptions and trials: each slice is one transaction of the write path."""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import partial

from domain.failures import InvalidRecord
from domain.imports.merging import apply_customer, apply_entitlement
from domain.imports.records import ImportKind, ImportRecord
from domain.types import SubscriptionType
from store.changes.customer_batch import CustomerBatch, change_customers
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.database.client import Document
from store.database.ids import new_id
from store.database.scope import Scope
from store.imports.events import DeliveryEvents


class UpsertResult(Enum):
    """What became of an accepted line."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


RecordResult = UpsertResult | InvalidRecord
_ID_PREFIXES = {ImportKind.SUBSCRIPTIONS: "sub", ImportKind.TRIALS: "tri"}
_ENTITLEMENT_KINDS = {
    ImportKind.SUBSCRIPTIONS: SubscriptionType.SUBSCRIPTION,
    ImportKind.TRIALS: SubscriptionType.TRIAL,
}
# The end that something has reached is a fact of ours: unlike a delivered one it leaves the renewals as they are.
_END_FIELDS = ("first_ends_at", "ends_at")


async def deliver_customers(scope: Scope, lines: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upserts customers; the outcomes stand in the lines' order."""
    where = {"external_id": {"$in": sorted({line.key for line in lines})}}
    return await change_customers(scope, where, partial(_deliver_customers, lines), deadline=deadline)


async def _deliver_customers(lines: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    works = {work.customer["external_id"]: work for work in batch.changes}
    notes: dict[str, DeliveryEvents] = {}
    outcomes: list[RecordResult] = []
    for line in lines:
        work = works.get(line.key)
        if work is None:
            work = works[line.key] = batch.add_customer()
        events = notes.get(line.key)
        if events is None:
            events = notes[line.key] = DeliveryEvents(work)
        outcomes.append(_deliver_customer(work, events, line, batch))
    for key, events in notes.items():
        work = works[key]
        events.add_drafts(removed=is_removed(work.customer, batch.now) and not work.is_removal_recorded)
    return outcomes


def _deliver_customer(
    work: CustomerChange, events: DeliveryEvents, line: ImportRecord, batch: CustomerBatch
) -> UpsertResult:
    is_there = "_id" in work.customer
    merge = apply_customer(work.customer if is_there else None, line, batch.now)
    if merge.delivered is None:
        return UpsertResult.UNCHANGED
    if is_there and not merge.fields:
        work.update_customer_bookkeeping({"delivered": merge.delivered})
        return UpsertResult.UNCHANGED
    if is_there:
        events.record_changes(work.customer, merge.fields)
    else:
        events.record_added()
    work.update_customer({**merge.fields, "delivered": merge.delivered})
    return UpsertResult.CHANGED if is_there else UpsertResult.ADDED


async def deliver_entitlements(scope: Scope, lines: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upserts subscriptions or trials; the outcomes stand in the lines' order."""
    where = {"external_id": {"$in": sorted({line.values["customer"] for line in lines})}}
    return await change_customers(scope, where, partial(_deliver_entitlements, lines), deadline=deadline)


async def _deliver_entitlements(lines: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    works = {work.customer["external_id"]: work for work in batch.changes}
    holders = await _read_holders(batch, lines)
    notes: dict[str, DeliveryEvents] = {}
    outcomes: list[RecordResult] = []
    for line in lines:
        try:
            work = _find_customer_change(works, holders, line)
            events = notes.setdefault(work.id, DeliveryEvents(work))
            outcomes.append(_deliver_entitlement(work, events, line, batch))
            holders[line.key] = work.id
        except InvalidRecord as refused:
            outcomes.append(refused)
    for events in notes.values():
        events.add_drafts()
    return outcomes


async def _read_holders(batch: CustomerBatch, lines: Sequence[ImportRecord]) -> dict[str, str]:
    """The customer behind each number that is taken: in the slice itself, and elsewhere for numbers unknown there."""
    holders = {number: work.id for work in batch.changes for number in work.entitlements}
    unknown = sorted({line.key for line in lines} - holders.keys())
    if unknown:
        where = {**batch.scope.match(), "number": {"$in": unknown}}
        entitlements = batch.scope.collection("entitlements")
        for found in await entitlements.find(where, {"number": 1, "customer_id": 1}, session=batch.session):
            holders[found["number"]] = found["customer_id"]
    return holders


def _find_customer_change(
    works: Mapping[str, CustomerChange], holders: Mapping[str, str], line: ImportRecord
) -> CustomerChange:
    work = works.get(line.values["customer"])
    if work is None:
        raise InvalidRecord("customer", f"there is no customer {line.values['customer']!r}")
    if holders.get(line.key, work.id) != work.id:
        raise InvalidRecord("number", "is taken by an entitlement of another customer")
    return work


def _deliver_entitlement(
    work: CustomerChange, events: DeliveryEvents, line: ImportRecord, batch: CustomerBatch
) -> UpsertResult:
    document = work.entitlements.get(line.key)
    if document is not None and document["kind"] != _ENTITLEMENT_KINDS[line.kind]:
        raise InvalidRecord("number", f"is taken by a {document['kind'].lower()} of this customer")
    merge = apply_entitlement(document, line, batch.now)
    if merge.delivered is None:
        return UpsertResult.UNCHANGED
    if document is None:
        identity = {"_id": new_id(_ID_PREFIXES[line.kind]), "customer_id": work.id}
        work.add_entitlement({**identity, **merge.fields, "delivered": merge.delivered})
        events.record_added(line.key)
        return UpsertResult.ADDED
    if not merge.fields:
        work.update_entitlement_bookkeeping(line.key, {"delivered": merge.delivered})
        return UpsertResult.UNCHANGED
    events.record_changes(document, merge.fields, line.key)
    _update_entitlement(work, document, line, {**merge.fields, "delivered": merge.delivered})
    return UpsertResult.CHANGED


def _update_entitlement(work: CustomerChange, document: Document, line: ImportRecord, fields: Document) -> None:
    before = document.get("delivered") or {}
    if before.get("endsAt") == line.values["endsAt"]:
        document.update({name: fields.pop(name) for name in _END_FIELDS if name in fields})
    work.update_entitlement(line.key, fields)
