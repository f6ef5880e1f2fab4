"""Writes slices of calls, their media figures and queue calls: each slice is one transaction, and marks its weeks.

What is there is read before the transaction begins, so that the next slice is read while this one is written. A
document that somebody else has written in between shows as a key that is taken, and the slice begins anew.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

from domain.failures import InvalidRecord
from domain.imports.call_merging import Facts, apply_call, apply_media, apply_queue_call, has_call, has_media
from domain.imports.records import ImportRecord
from store.calling.calls import CALLS, QUEUE_CALLS, raw_call_id
from store.calling.weeks import mark_weeks_changed
from store.database.client import Client, Document, ReplaceOne, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.imports.deliveries import RecordResult, UpsertResult

_RECORDS_PER_YIELD = 250
# Slices of one process that mark the same weeks would only make each other begin anew.
_PARTNER_LOCKS: WeakKeyDictionary[Client, dict[str, asyncio.Lock]] = WeakKeyDictionary()


async def deliver_calls(scope: Scope, lines: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upserts calls by their report id; the outcomes stand in the lines' order."""
    return await _deliver(_CallMerger, scope, lines, deadline)


async def deliver_call_media(scope: Scope, lines: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Joins media figures to their calls, whichever comes first; the outcomes stand in the lines' order."""
    return await _deliver(_CallMediaMerger, scope, lines, deadline)


async def deliver_queue_calls(scope: Scope, lines: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upserts queue calls by their id; the outcomes stand in the lines' order."""
    return await _deliver(_QueueCallMerger, scope, lines, deadline)


async def _deliver(
    kind: "type[_CallRecordMerger]", scope: Scope, lines: Sequence[ImportRecord], deadline: float
) -> list[RecordResult]:
    ready = [await kind(scope).read_and_merge(lines)]

    async def attempt(session: Session) -> list[RecordResult]:
        merger = ready.pop() if ready else await kind(scope).read_and_merge(lines)
        await merger.write(session)
        return merger.results

    if not ready[0].has_changes:
        return ready[0].results
    async with _PARTNER_LOCKS.setdefault(scope.client, {}).setdefault(scope.partner_id, asyncio.Lock()):
        return await in_transaction(scope.client, attempt, deadline=deadline)


class _CallRecordMerger(ABC):
    """The raw rows of one slice: what is there, and what the lines make of it."""

    collection: str
    customer_field: str | None = None

    def __init__(self, scope: Scope) -> None:
        self.results: list[RecordResult] = []
        self._scope, self._now = scope, utc_now()
        self._customer_ids: dict[str, str] = {}
        self._stored: dict[str, Document] = {}
        self._documents: dict[str, Document] = {}
        self._weeks: set[datetime] = set()

    @property
    def has_changes(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._documents)

    async def read_and_merge(self, lines: Sequence[ImportRecord]) -> "_CallRecordMerger":
        """Itself, after it has read what is there and merged the lines into it."""
        await asyncio.gather(self._read_customers(lines), self._read_stored({line.key for line in lines}))
        for start in range(0, len(lines), _RECORDS_PER_YIELD):
            self.results += [self._merge_record(line) for line in lines[start : start + _RECORDS_PER_YIELD]]
            # Requests and feeds of this process must not wait for the whole slice.
            await asyncio.sleep(0)
        return self

    async def _read_customers(self, lines: Sequence[ImportRecord]) -> None:
        field = self.customer_field
        if field is None:
            return
        where = {**self._scope.match(), "external_id": {"$in": sorted({line.values[field] for line in lines})}}
        for customer in await self._scope.collection("customers").find(where, {"external_id": 1}):
            self._customer_ids[customer["external_id"]] = customer["_id"]

    async def _read_stored(self, keys: Iterable[str]) -> None:
        where = {**self._scope.match(), "_id": {"$in": sorted(raw_call_id(self._scope, key) for key in keys)}}
        for document in await self._scope.collection(self.collection).find(where):
            self._stored[document["_id"]] = document

    def _merge_record(self, line: ImportRecord) -> RecordResult:
        id_ = raw_call_id(self._scope, line.key)
        before = self._documents.get(id_) or self._stored.get(id_)
        try:
            facts = self.merge_facts(before, line)
        except InvalidRecord as refused:
            return refused
        if facts is None:
            return UpsertResult.UNCHANGED
        after = self._documents[id_] = self._build_document(id_, before, facts)
        self._weeks.update(one["week"] for one in (before, after) if one is not None and one["week"] is not None)
        return UpsertResult.ADDED if self.is_new(before) else UpsertResult.CHANGED

    def _build_document(self, id_: str, before: Document | None, facts: Facts) -> Document:
        if before is None:
            stamps = {"version": 1, "created_at": self._now, "updated_at": self._now}
            return {"_id": id_, "partner_id": self._scope.partner_id, **stamps, **facts}
        stored = self._stored.get(id_)
        version = 1 if stored is None else stored["version"] + 1
        return {**before, **facts, "version": version, "updated_at": self._now}

    def find_customer_id(self, line: ImportRecord) -> str:
        """The customer behind the line's organization; InvalidRecord where there is none."""
        name = self.customer_field or ""
        found = self._customer_ids.get(line.values[name])
        if found is None:
            raise InvalidRecord(name, f"there is no customer {line.values[name]!r}")
        return found

    @abstractmethod
    def merge_facts(self, before: Document | None, line: ImportRecord) -> Facts | None:
        """What the line makes of the document; None where nothing."""

    @abstractmethod
    def is_new(self, before: Document | None) -> bool:
        """Whether what the line delivers was not there before."""

    async def write(self, session: Session) -> None:
        """Marks the weeks, and writes the documents; fails as a duplicate where another writer was faster."""
        await mark_weeks_changed(self._scope, self._weeks, session)
        collection = self._scope.collection(self.collection)
        new = [document for id_, document in self._documents.items() if id_ not in self._stored]
        await collection.insert_many(new, session=session)
        changed = [document for id_, document in self._documents.items() if id_ in self._stored]
        await collection.bulk_write([self._build_replacement(document) for document in changed], session=session)

    def _build_replacement(self, document: Document) -> "ReplaceOne[Document]":
        # A version that has moved on is not found, and inserting the document then meets the one that is there.
        where = {**self._scope.match(), "_id": document["_id"], "version": self._stored[document["_id"]]["version"]}
        return ReplaceOne(where, document, upsert=True)


class _CallMerger(_CallRecordMerger):
    collection = CALLS
    customer_field = "Org UUID"

    def merge_facts(self, before: Document | None, line: ImportRecord) -> Facts | None:
        return apply_call(before, line, self.find_customer_id(line), self._now)

    def is_new(self, before: Document | None) -> bool:
        return not has_call(before)


class _CallMediaMerger(_CallRecordMerger):
    collection = CALLS

    def merge_facts(self, before: Document | None, line: ImportRecord) -> Facts | None:
        return apply_media(before, line, self._now)

    def is_new(self, before: Document | None) -> bool:
        return not has_media(before)


class _QueueCallMerger(_CallRecordMerger):
    collection = QUEUE_CALLS
    customer_field = "customer"

    def merge_facts(self, before: Document | None, line: ImportRecord) -> Facts | None:
        return apply_queue_call(before, line, self.find_customer_id(line), self._now)

    def is_new(self, before: Document | None) -> bool:
        return before is None
