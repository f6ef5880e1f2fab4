"""Writes batches of calls, media figures and queue calls: one transaction per batch, which marks the changed weeks.

The stored documents are read before the transaction begins, so that the next batch is read while this one is written.
Where another writer was faster, the write fails as a duplicate key, and the batch is read and merged again.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

from domain.batches import split_into_batches
from domain.failures import InvalidRecord
from domain.imports.call_merging import has_call, has_media, merge_call, merge_media, merge_queue_call
from domain.imports.records import DocumentFields, ImportRecord
from store.access.assignment_changes import end_external_id_claims
from store.calling.calls import CALLS, QUEUE_CALLS, raw_call_id
from store.calling.weeks import mark_weeks_changed
from store.changes.customer_batch import CustomerBatch, change_customers
from store.changes.external_ids import ReleasedId, read_released_ids
from store.database.client import Client, Document, ReplaceOne, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.imports.deliveries import RecordResult, UpsertResult

_RECORDS_PER_YIELD = 250
# Concurrent batches of one process mark the same weeks and would conflict: they are written one at a time.
_PARTNER_LOCKS: WeakKeyDictionary[Client, dict[str, asyncio.Lock]] = WeakKeyDictionary()


async def deliver_calls(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert calls by their report id; return the results in the order of the records."""
    return await _deliver(_CallMerger, scope, records, deadline)


async def deliver_call_media(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Merge media figures into their calls, whichever arrives first; return the results in order."""
    return await _deliver(_CallMediaMerger, scope, records, deadline)


async def deliver_queue_calls(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert queue calls by their id; return the results in the order of the records."""
    return await _deliver(_QueueCallMerger, scope, records, deadline)


async def _deliver(
    kind: "type[_CallRecordMerger]", scope: Scope, records: Sequence[ImportRecord], deadline: float
) -> list[RecordResult]:
    ready = [await kind(scope).read_and_merge(records)]

    async def attempt(session: Session) -> list[RecordResult]:
        merger = ready.pop() if ready else await kind(scope).read_and_merge(records)
        await merger.write(session)
        return merger.results

    if not ready[0].has_changes:
        return ready[0].results
    async with _PARTNER_LOCKS.setdefault(scope.client, {}).setdefault(scope.partner_id, asyncio.Lock()):
        return await in_transaction(scope.client, attempt, deadline=deadline)


class _CallRecordMerger(ABC):
    """Reads the stored documents of one batch, merges the records into them, and writes the result."""

    collection: str
    customer_field: str | None = None

    def __init__(self, scope: Scope) -> None:
        self.results: list[RecordResult] = []
        self._scope, self._now = scope, utc_now()
        self._customer_ids: dict[str, str] = {}
        self._released: set[ReleasedId] = set()
        self._stored: dict[str, Document] = {}
        self._documents: dict[str, Document] = {}
        self._weeks: set[datetime] = set()

    @property
    def has_changes(self) -> bool:
        """True where there is a document to write."""
        return bool(self._documents)

    async def read_and_merge(self, records: Sequence[ImportRecord]) -> "_CallRecordMerger":
        """Read the stored documents and merge the records into them; return self."""
        await asyncio.gather(self._read_customers(records), self._read_stored({record.key for record in records}))
        for batch in split_into_batches(records, _RECORDS_PER_YIELD):
            self.results += [self._merge_record(record) for record in batch]
            # Requests and feeds of this process must not wait until the whole batch is merged.
            await asyncio.sleep(0)
        return self

    async def _read_customers(self, records: Sequence[ImportRecord]) -> None:
        field = self.customer_field
        if field is None:
            return
        named = sorted({record.values[field] for record in records})
        where = {**self._scope.match(), "external_id": {"$in": named}}
        fields = {"external_id": 1, "external_id_given_by": 1}
        customers = await self._scope.collection("customers").find(where, fields)
        self._customer_ids = {customer["external_id"]: customer["_id"] for customer in customers}
        # Read after the customers: a call must not move to a customer that took the id in between.
        self._released = await read_released_ids(self._scope, named)
        claimed = [customer["_id"] for customer in customers if customer.get("external_id_given_by") is not None]
        if claimed:
            await change_customers(self._scope, {"_id": {"$in": claimed}}, _end_claims)

    async def _read_stored(self, keys: Iterable[str]) -> None:
        where = {**self._scope.match(), "_id": {"$in": sorted(raw_call_id(self._scope, key) for key in keys)}}
        for document in await self._scope.collection(self.collection).find(where):
            self._stored[document["_id"]] = document

    def _merge_record(self, record: ImportRecord) -> RecordResult:
        id_ = raw_call_id(self._scope, record.key)
        before = self._documents.get(id_) or self._stored.get(id_)
        try:
            facts = self.merge_fields(before, record)
        except InvalidRecord as rejected:
            return rejected
        if facts is None:
            return UpsertResult.UNCHANGED
        after = self._documents[id_] = self._build_document(id_, before, facts)
        self._weeks.update(
            document["week"] for document in (before, after) if document is not None and document["week"] is not None
        )
        return UpsertResult.ADDED if self.is_new(before) else UpsertResult.CHANGED

    def _build_document(self, id_: str, before: Document | None, facts: DocumentFields) -> Document:
        if before is None:
            stamps = {"version": 1, "created_at": self._now, "updated_at": self._now}
            return {"_id": id_, "partner_id": self._scope.partner_id, **stamps, **facts}
        stored = self._stored.get(id_)
        version = 1 if stored is None else stored["version"] + 1
        return {**before, **facts, "version": version, "updated_at": self._now}

    def find_customer_id(self, before: Document | None, record: ImportRecord) -> str:
        """Return the id of the record's customer; InvalidRecord where there is none.

        A stored call stays with a removed customer whose former external id the record names.
        """
        name = self.customer_field or ""
        external_id = record.values[name]
        stored_id = None if before is None else before.get("customer_id")
        if stored_id is not None and (stored_id, external_id) in self._released:
            return str(stored_id)
        customer_id = self._customer_ids.get(external_id)
        if customer_id is None:
            raise InvalidRecord(name, f"there is no customer {external_id!r}")
        return customer_id

    @abstractmethod
    def merge_fields(self, before: Document | None, record: ImportRecord) -> DocumentFields | None:
        """Return the fields that the record sets on the document; None where it changes nothing."""

    @abstractmethod
    def is_new(self, before: Document | None) -> bool:
        """True where the record delivers something for the first time."""

    async def write(self, session: Session) -> None:
        """Mark the weeks and write the documents; raise a duplicate key error where another writer was faster."""
        await mark_weeks_changed(self._scope, self._weeks, session)
        collection = self._scope.collection(self.collection)
        new = [document for id_, document in self._documents.items() if id_ not in self._stored]
        await collection.insert_many(new, session=session)
        changed = [document for id_, document in self._documents.items() if id_ in self._stored]
        await collection.bulk_write([self._build_replacement(document) for document in changed], session=session)

    def _build_replacement(self, document: Document) -> "ReplaceOne[Document]":
        # With another version, the filter matches nothing, and the upsert fails on the existing `_id`.
        where = {**self._scope.match(), "_id": document["_id"], "version": self._stored[document["_id"]]["version"]}
        return ReplaceOne(where, document, upsert=True)


async def _end_claims(batch: CustomerBatch) -> None:
    await end_external_id_claims(batch, batch.changes)


class _CallMerger(_CallRecordMerger):
    collection = CALLS
    customer_field = "Org UUID"

    def merge_fields(self, before: Document | None, record: ImportRecord) -> DocumentFields | None:
        return merge_call(before, record, self.find_customer_id(before, record), self._now)

    def is_new(self, before: Document | None) -> bool:
        return not has_call(before)


class _CallMediaMerger(_CallRecordMerger):
    collection = CALLS

    def merge_fields(self, before: Document | None, record: ImportRecord) -> DocumentFields | None:
        return merge_media(before, record, self._now)

    def is_new(self, before: Document | None) -> bool:
        return not has_media(before)


class _QueueCallMerger(_CallRecordMerger):
    collection = QUEUE_CALLS
    customer_field = "customer"

    def merge_fields(self, before: Document | None, record: ImportRecord) -> DocumentFields | None:
        return merge_queue_call(before, record, self.find_customer_id(before, record), self._now)

    def is_new(self, before: Document | None) -> bool:
        return before is None
