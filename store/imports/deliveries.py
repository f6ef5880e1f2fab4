"""Writes batches of delivered customers, subscriptions and trials: one transaction of the write path per batch."""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import partial

from domain.entitlements.lifecycle import RENEWAL_FACTS
from domain.failures import InvalidRecord
from domain.imports.merging import merge_customer, merge_entitlement
from domain.imports.records import ImportKind, ImportRecord
from domain.types import SubscriptionType
from store.access.assignment_changes import end_external_id_claims
from store.changes.customer_batch import CustomerBatch, change_customers
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.changes.external_ids import CustomersByExternalId, match_external_ids
from store.database.ids import new_id
from store.database.scope import Scope
from store.imports.events import DeliveryEvents


class UpsertResult(Enum):
    """What an accepted record did."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


RecordResult = UpsertResult | InvalidRecord
_ID_PREFIXES = {ImportKind.SUBSCRIPTIONS: "sub", ImportKind.TRIALS: "tri"}
_ENTITLEMENT_KINDS = {
    ImportKind.SUBSCRIPTIONS: SubscriptionType.SUBSCRIPTION,
    ImportKind.TRIALS: SubscriptionType.TRIAL,
}


async def deliver_customers(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert customers; return the results in the order of the records."""
    removed_ids = sorted({record.key for record in records if record.values.get("removedAt") is not None})
    where = match_external_ids(sorted({record.key for record in records}), removed_ids)
    return await change_customers(scope, where, partial(_deliver_customers, records), deadline=deadline)


async def _deliver_customers(records: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    customers = CustomersByExternalId(batch.changes)
    events_by_change: dict[CustomerChange, DeliveryEvents] = {}
    results: list[RecordResult] = []
    for record in records:
        change = customers.find(record.values) or customers.add(record.key, batch.add_customer())
        events = events_by_change.setdefault(change, DeliveryEvents(change))
        results.append(_deliver_customer(change, events, record, batch))
    for change, events in events_by_change.items():
        events.add_drafts(removed=is_removed(change.customer, batch.now) and not change.is_removal_recorded)
    await end_external_id_claims(batch, events_by_change)
    return results


def _deliver_customer(
    change: CustomerChange, events: DeliveryEvents, record: ImportRecord, batch: CustomerBatch
) -> UpsertResult:
    exists = "_id" in change.customer
    merge = merge_customer(change.customer if exists else None, record, batch.now)
    if merge.delivered is None:
        return UpsertResult.UNCHANGED
    if exists and not merge.fields:
        change.update_customer_bookkeeping({"delivered": merge.delivered})
        return UpsertResult.UNCHANGED
    if exists:
        events.report_changes(change.customer, merge.fields)
    else:
        events.report_added()
    change.update_customer({**merge.fields, "delivered": merge.delivered})
    return UpsertResult.CHANGED if exists else UpsertResult.ADDED


async def deliver_entitlements(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert subscriptions or trials; return the results in the order of the records."""
    where = {"external_id": {"$in": sorted({record.values["customer"] for record in records})}}
    return await change_customers(scope, where, partial(_deliver_entitlements, records), deadline=deadline)


async def _deliver_entitlements(records: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    customer_changes = {change.customer["external_id"]: change for change in batch.changes}
    customer_ids = await _read_customer_ids(batch, records)
    events_by_key: dict[str, DeliveryEvents] = {}
    results: list[RecordResult] = []
    for record in records:
        try:
            change = _find_customer_change(customer_changes, customer_ids, record)
            events = events_by_key.setdefault(change.id, DeliveryEvents(change))
            results.append(_deliver_entitlement(change, events, record, batch))
            customer_ids[record.key] = change.id
        except InvalidRecord as rejected:
            results.append(rejected)
    for events in events_by_key.values():
        events.add_drafts()
    await end_external_id_claims(batch, [change for change in batch.changes if change.id in events_by_key])
    return results


async def _read_customer_ids(batch: CustomerBatch, records: Sequence[ImportRecord]) -> dict[str, str]:
    """Return the customer id by entitlement number: of the batch, and of other customers for numbers unknown in it."""
    customer_ids = {number: change.id for change in batch.changes for number in change.entitlements}
    unknown = sorted({record.key for record in records} - customer_ids.keys())
    if unknown:
        where = {**batch.scope.match(), "number": {"$in": unknown}}
        entitlements = batch.scope.collection("entitlements")
        for entitlement in await entitlements.find(where, {"number": 1, "customer_id": 1}, session=batch.session):
            customer_ids[entitlement["number"]] = entitlement["customer_id"]
    return customer_ids


def _find_customer_change(
    customer_changes: Mapping[str, CustomerChange], customer_ids: Mapping[str, str], record: ImportRecord
) -> CustomerChange:
    change = customer_changes.get(record.values["customer"])
    if change is None:
        raise InvalidRecord("customer", f"there is no customer {record.values['customer']!r}")
    if customer_ids.get(record.key, change.id) != change.id:
        raise InvalidRecord("number", "is taken by an entitlement of another customer")
    return change


def _deliver_entitlement(
    change: CustomerChange, events: DeliveryEvents, record: ImportRecord, batch: CustomerBatch
) -> UpsertResult:
    document = change.entitlements.get(record.key)
    if document is not None and document["kind"] != _ENTITLEMENT_KINDS[record.kind]:
        raise InvalidRecord("number", f"is taken by a {document['kind'].lower()} of this customer")
    merge = merge_entitlement(document, record)
    if merge.delivered is None:
        return UpsertResult.UNCHANGED
    if document is None:
        identity = {"_id": new_id(_ID_PREFIXES[record.kind]), "customer_id": change.id}
        change.add_entitlement({**identity, **merge.fields, "delivered": merge.delivered})
        events.report_added(record.key)
        return UpsertResult.ADDED
    if not merge.fields:
        change.update_entitlement_bookkeeping(record.key, {"delivered": merge.delivered})
        return UpsertResult.UNCHANGED
    if not RENEWAL_FACTS.isdisjoint(merge.fields):
        change.record_renewals(record.key, batch.now)
    events.report_changes(document, merge.fields, record.key)
    change.update_entitlement(record.key, {**merge.fields, "delivered": merge.delivered})
    return UpsertResult.CHANGED
