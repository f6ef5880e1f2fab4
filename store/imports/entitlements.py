"""Writes batches of delivered subscriptions and trials; one that is delivered under another customer moves there."""

from collections.abc import Sequence
from functools import partial

from domain.entitlements.lifecycle import RENEWAL_FACTS, count_terms_until_end, entitlement_from_document
from domain.entitlements.renewal_backlog import check_backlog, extend_backlog
from domain.failures import InvalidRecord
from domain.imports.merging import MergeResult, is_final, merge_entitlement
from domain.imports.records import DocumentFields, ImportKind, ImportRecord
from domain.types import SubscriptionType
from store.access.assignment_changes import end_external_id_claims
from store.changes.customer_batch import CustomerBatch, change_customers
from store.changes.customer_change import CustomerChange
from store.database.client import Document
from store.database.ids import new_id
from store.database.scope import Scope
from store.imports.deliveries import RecordMerger, RecordResult, UpsertResult
from store.imports.events import DeliveryEvents
from store.imports.owners import load_owners

_ID_PREFIXES = {ImportKind.SUBSCRIPTIONS: "sub", ImportKind.TRIALS: "tri"}
_KINDS = {
    ImportKind.SUBSCRIPTIONS: SubscriptionType.SUBSCRIPTION,
    ImportKind.TRIALS: SubscriptionType.TRIAL,
}


async def deliver_entitlements(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert subscriptions or trials; return the results in the order of the records."""
    where = {"external_id": {"$in": sorted({record.values["customer"] for record in records})}}
    return await change_customers(scope, where, partial(_deliver, records), deadline=deadline)


async def _deliver(records: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    owners = await load_owners(batch, [record.key for record in records])
    merger = _EntitlementMerger(batch, owners)
    results = await merger.merge_records(records)
    await merger.add_events()
    return results


class _EntitlementMerger(RecordMerger):
    """Merges the subscriptions or trials of one transaction."""

    def __init__(self, batch: CustomerBatch, owners: dict[str, CustomerChange]) -> None:
        self._batch = batch
        self._customers = {change.customer["external_id"]: change for change in batch.changes}
        self._owners = owners
        self._events: dict[CustomerChange, DeliveryEvents] = {}

    def _merge_or_raise(self, record: ImportRecord) -> UpsertResult:
        target = self._customers.get(record.values["customer"])
        if target is None:
            raise InvalidRecord("customer", f"there is no customer {record.values['customer']!r}")
        owner = self._owners.get(record.key)
        document = None if owner is None else owner.entitlements[record.key]
        if document is not None and document["kind"] != _KINDS[record.kind]:
            raise InvalidRecord("number", f"is taken by a {document['kind'].lower()}")
        merge = merge_entitlement(document, record)
        if owner is None or document is None:
            return self._add(target, record, merge)
        check_backlog(document, merge.fields)
        if owner is target or is_final(document) or _names_same_customer(document, record):
            return self._update(owner, document, merge)
        self._move(owner, target, record, document, merge)
        return UpsertResult.CHANGED

    def _add(self, target: CustomerChange, record: ImportRecord, merge: MergeResult) -> UpsertResult:
        identity = {"_id": new_id(_ID_PREFIXES[record.kind]), "customer_id": target.id}
        target.add_entitlement({**identity, **merge.fields, "delivered": merge.delivered})
        self._owners[record.key] = target
        self._events_of(target).report_added(record.key)
        return UpsertResult.ADDED

    def _update(self, owner: CustomerChange, document: Document, merge: MergeResult) -> UpsertResult:
        number = document["number"]
        if merge.delivered is None:
            return UpsertResult.UNCHANGED
        if not merge.fields:
            owner.update_entitlement_bookkeeping(number, {"delivered": merge.delivered})
            return UpsertResult.UNCHANGED
        fields = merge.fields
        if not RENEWAL_FACTS.isdisjoint(fields):
            owner.record_renewals(number, self._batch.now)
            backlog = extend_backlog(document, fields, self._batch.now)
            fields = {**_count_terms_anew(document, fields), **fields, **backlog}
        self._events_of(owner).report_changes(document, fields, number)
        owner.update_entitlement(number, {**fields, "delivered": merge.delivered})
        return UpsertResult.CHANGED

    def _move(
        self,
        owner: CustomerChange,
        target: CustomerChange,
        record: ImportRecord,
        document: Document,
        merge: MergeResult,
    ) -> None:
        owner.move_entitlement(record.key, target)
        self._owners[record.key] = target
        self._events_of(owner).report_move(document, self._events_of(target))
        self._update(target, target.entitlements[record.key], merge)

    def _events_of(self, change: CustomerChange) -> DeliveryEvents:
        return self._events.setdefault(change, DeliveryEvents(change))

    async def add_events(self) -> None:
        """Add the events of all records."""
        for events in self._events.values():
            events.add_drafts()
        await end_external_id_claims(self._batch, self._events)


def _names_same_customer(document: Document, record: ImportRecord) -> bool:
    """True where the record names the customer that was delivered before, although another one can have its id now."""
    return bool((document.get("delivered") or {}).get("customer") == record.values["customer"])


def _count_terms_anew(document: Document, fields: DocumentFields) -> DocumentFields:
    """Return the count of renewals in terms of another length: a term that begins before the end needs no order."""
    if "term_months" not in fields:
        return {}
    facts = entitlement_from_document({**document, "term_months": fields["term_months"]})
    return {"renewals": count_terms_until_end(facts)}
