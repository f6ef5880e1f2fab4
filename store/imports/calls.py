"""Writes slices of calls, their media figures and queue calls: each slice is one transaction, and marks its weeks.

What is there is read before the transaction begins, so that the next slice is read while this one is written. A
document that somebody else has written in between shows as a key that is taken, and the slice begins anew.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

from domain.failures import LineRefused
from domain.imports.call_merging import Facts, apply_call, apply_media, apply_queue_call, has_call, has_media
from domain.imports.records import Line
from store.calling.calls import CALLS, QUEUE_CALLS, raw_id
from store.calling.weeks import mark_weeks
from store.database.client import Client, Document, ReplaceOne, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.imports.deliveries import LineOutcome, Outcome

_IN_ONE_GO = 250
# Slices of one process that mark the same weeks would only make each other begin anew.
_TURNS: WeakKeyDictionary[Client, dict[str, asyncio.Lock]] = WeakKeyDictionary()


async def deliver_calls(scope: Scope, lines: Sequence[Line], deadline: float) -> list[LineOutcome]:
    """Upserts calls by their report id; the outcomes stand in the lines' order."""
    return await _deliver(_Calls, scope, lines, deadline)


async def deliver_call_media(scope: Scope, lines: Sequence[Line], deadline: float) -> list[LineOutcome]:
    """Joins media figures to their calls, whichever comes first; the outcomes stand in the lines' order."""
    return await _deliver(_Media, scope, lines, deadline)


async def deliver_queue_calls(scope: Scope, lines: Sequence[Line], deadline: float) -> list[LineOutcome]:
    """Upserts queue calls by their id; the outcomes stand in the lines' order."""
    return await _deliver(_QueueCalls, scope, lines, deadline)


async def _deliver(kind: "type[_RawSlice]", scope: Scope, lines: Sequence[Line], deadline: float) -> list[LineOutcome]:
    ready = [await kind(scope).merged(lines)]

    async def attempt(session: Session) -> list[LineOutcome]:
        slice_ = ready.pop() if ready else await kind(scope).merged(lines)
        await slice_.write(session)
        return slice_.outcomes

    if not ready[0].has_changed:
        return ready[0].outcomes
    async with _TURNS.setdefault(scope.client, {}).setdefault(scope.partner_id, asyncio.Lock()):
        return await in_transaction(scope.client, attempt, deadline=deadline)


class _RawSlice(ABC):
    """The raw rows of one slice: what is there, and what the lines make of it."""

    collection: str
    customer_field: str | None = None

    def __init__(self, scope: Scope) -> None:
        self.outcomes: list[LineOutcome] = []
        self._scope, self._now = scope, utc_now()
        self._customers: dict[str, str] = {}
        self._stored: dict[str, Document] = {}
        self._documents: dict[str, Document] = {}
        self._weeks: set[datetime] = set()

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._documents)

    async def merged(self, lines: Sequence[Line]) -> "_RawSlice":
        """Itself, after it has read what is there and merged the lines into it."""
        await asyncio.gather(self._read_customers(lines), self._read_stored({line.key for line in lines}))
        for start in range(0, len(lines), _IN_ONE_GO):
            self.outcomes += [self._outcome(line) for line in lines[start : start + _IN_ONE_GO]]
            # Requests and feeds of this process must not wait for the whole slice.
            await asyncio.sleep(0)
        return self

    async def _read_customers(self, lines: Sequence[Line]) -> None:
        field = self.customer_field
        if field is None:
            return
        where = {**self._scope.match(), "external_id": {"$in": sorted({line.values[field] for line in lines})}}
        for customer in await self._scope.collection("customers").find(where, {"external_id": 1}):
            self._customers[customer["external_id"]] = customer["_id"]

    async def _read_stored(self, keys: Iterable[str]) -> None:
        where = {**self._scope.match(), "_id": {"$in": sorted(raw_id(self._scope, key) for key in keys)}}
        for document in await self._scope.collection(self.collection).find(where):
            self._stored[document["_id"]] = document

    def _outcome(self, line: Line) -> LineOutcome:
        id_ = raw_id(self._scope, line.key)
        before = self._documents.get(id_) or self._stored.get(id_)
        try:
            facts = self.facts(before, line)
        except LineRefused as refused:
            return refused
        if facts is None:
            return Outcome.UNCHANGED
        after = self._documents[id_] = self._written(id_, before, facts)
        self._weeks.update(one["week"] for one in (before, after) if one is not None and one["week"] is not None)
        return Outcome.ADDED if self.is_new(before) else Outcome.CHANGED

    def _written(self, id_: str, before: Document | None, facts: Facts) -> Document:
        if before is None:
            stamps = {"version": 1, "created_at": self._now, "updated_at": self._now}
            return {"_id": id_, "partner_id": self._scope.partner_id, **stamps, **facts}
        stored = self._stored.get(id_)
        version = 1 if stored is None else stored["version"] + 1
        return {**before, **facts, "version": version, "updated_at": self._now}

    def customer_id(self, line: Line) -> str:
        """The customer behind the line's organization; LineRefused where there is none."""
        name = self.customer_field or ""
        found = self._customers.get(line.values[name])
        if found is None:
            raise LineRefused(name, f"there is no customer {line.values[name]!r}")
        return found

    @abstractmethod
    def facts(self, before: Document | None, line: Line) -> Facts | None:
        """What the line makes of the document; None where nothing."""

    @abstractmethod
    def is_new(self, before: Document | None) -> bool:
        """Whether what the line delivers was not there before."""

    async def write(self, session: Session) -> None:
        """Marks the weeks, and writes the documents; fails as a duplicate where another writer was faster."""
        await mark_weeks(self._scope, self._weeks, session)
        collection = self._scope.collection(self.collection)
        new = [document for id_, document in self._documents.items() if id_ not in self._stored]
        await collection.insert_many(new, session=session)
        changed = [document for id_, document in self._documents.items() if id_ in self._stored]
        await collection.bulk_write([self._replacing(document) for document in changed], session=session)

    def _replacing(self, document: Document) -> "ReplaceOne[Document]":
        # A version that has moved on is not found, and inserting the document then meets the one that is there.
        where = {**self._scope.match(), "_id": document["_id"], "version": self._stored[document["_id"]]["version"]}
        return ReplaceOne(where, document, upsert=True)


class _Calls(_RawSlice):
    collection = CALLS
    customer_field = "Org UUID"

    def facts(self, before: Document | None, line: Line) -> Facts | None:
        return apply_call(before, line, self.customer_id(line), self._now)

    def is_new(self, before: Document | None) -> bool:
        return not has_call(before)


class _Media(_RawSlice):
    collection = CALLS

    def facts(self, before: Document | None, line: Line) -> Facts | None:
        return apply_media(before, line, self._now)

    def is_new(self, before: Document | None) -> bool:
        return not has_media(before)


class _QueueCalls(_RawSlice):
    collection = QUEUE_CALLS
    customer_field = "customer"

    def facts(self, before: Document | None, line: Line) -> Facts | None:
        return apply_queue_call(before, line, self.customer_id(line), self._now)

    def is_new(self, before: Document | None) -> bool:
        return before is None
