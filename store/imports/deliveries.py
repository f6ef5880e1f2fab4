"""Writes batches of delivered customers: one transaction of the write path per batch."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import Enum
from functools import partial

from domain.failures import InvalidRecord
from domain.imports.merging import merge_customer
from domain.imports.records import ImportRecord
from store.access.assignment_changes import end_external_id_claims
from store.changes.customer_batch import CustomerBatch, change_customers
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.changes.external_ids import CustomersByExternalId, load_released_customers
from store.database.scope import Scope
from store.database.turns import in_turns
from store.imports.events import DeliveryEvents

# 100 records take some milliseconds.
_RECORDS_PER_TURN = 100


class UpsertResult(Enum):
    """What an accepted record did."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


RecordResult = UpsertResult | InvalidRecord


class RecordMerger(ABC):
    """Merges the records of one transaction, one after the other; an invalid one changes nothing."""

    async def merge_records(self, records: Sequence[ImportRecord]) -> list[RecordResult]:
        """Merge the records in their order; other tasks of the process take turns with it."""
        results: list[RecordResult] = []
        async for some in in_turns(records, _RECORDS_PER_TURN):
            results += [self.merge_record(record) for record in some]
        return results

    def merge_record(self, record: ImportRecord) -> RecordResult:
        """Merge one record into what the records before it left."""
        try:
            return self._merge_or_raise(record)
        except InvalidRecord as rejected:
            return rejected

    @abstractmethod
    def _merge_or_raise(self, record: ImportRecord) -> UpsertResult:
        """Merge a valid record; raise InvalidRecord for another."""


async def deliver_customers(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert customers; return the results in the order of the records."""
    where = {"external_id": {"$in": sorted({record.key for record in records})}}
    return await change_customers(scope, where, partial(_deliver_customers, records), deadline=deadline)


async def _deliver_customers(records: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    removals = {record.key for record in records if record.values.get("removedAt") is not None}
    await load_released_customers(batch, sorted(removals))
    customers = CustomersByExternalId(batch.changes)
    events_by_change: dict[CustomerChange, DeliveryEvents] = {}
    results: list[RecordResult] = []
    async for some in in_turns(records, _RECORDS_PER_TURN):
        for record in some:
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
