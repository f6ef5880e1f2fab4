"""Imports a stream of delivered lines: slices by customer, each one transaction, memory flat in the stream's length."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from domain.failures import InvalidRecord, OperatorError
from domain.imports.records import ImportKind, ImportRecord
from jobs.imports.handlers import IMPORT_HANDLERS
from jobs.imports.records import AcceptedRecord, RejectedRecord, reject_record
from store.changes.customer_batch import BATCH_SIZE
from store.database.conflict_halving import halve_on_conflict
from store.database.scope import Scope
from store.database.transactions import DEADLINE_SECONDS
from store.imports.deliveries import RecordResult, UpsertResult
from store.tenants.partners import Partners

_BATCH_BYTES = 4 << 20
_RECORDS_PER_YIELD = 100
_MAX_CONCURRENCY = 3


@dataclass(slots=True)
class ImportSummary:
    """How many lines did what."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def lines(self) -> int:
        """All of them."""
        return self.added + self.changed + self.unchanged + self.refused

    def add(self, other: "ImportSummary") -> None:
        """Adds the lines of another stream."""
        for name in ImportSummary.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def count(self, outcome: UpsertResult) -> None:
        """Counts one accepted line."""
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)


def ignore_refusal(_: RejectedRecord) -> None:
    """For callers that only count."""


def ignore_progress(_: ImportSummary) -> None:
    """For callers that only wait."""


@dataclass(slots=True)
class _ImportBatch:
    """Lines in their order; refused ones stand among them, so that refusals are told in the order of the stream."""

    lines: list[AcceptedRecord | RejectedRecord] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    size: int = 0

    def add(self, line: AcceptedRecord | RejectedRecord, group: str | None) -> None:
        self.lines.append(line)
        self.size += len(line.raw.raw if isinstance(line, AcceptedRecord) else line.raw)
        if group is not None:
            self.groups.add(group)
        if isinstance(line, AcceptedRecord):
            self.keys.add(line.record.key)

    def overlaps(self, other: "_ImportBatch") -> bool:
        """Whether the two have a customer or a key in common, so that their order matters."""
        return not (self.groups.isdisjoint(other.groups) and self.keys.isdisjoint(other.keys))

    def is_full(self, group: str | None, most: int) -> bool:
        """Whether a line of this group has to begin another slice."""
        is_new = group is not None and group not in self.groups
        return len(self.lines) >= most or self.size >= _BATCH_BYTES or (is_new and len(self.groups) >= BATCH_SIZE)


async def import_stream(
    scope: Scope,
    kind: ImportKind,
    chunks: AsyncIterator[bytes],
    on_refused: Callable[[RejectedRecord], None] = ignore_refusal,
    on_progress: Callable[[ImportSummary], None] = ignore_progress,
) -> ImportSummary:
    """Takes in a whole stream of one kind; bad lines are refused one by one and stop nothing.

    InvalidStream where none of them can be read. Unavailable where the database is gone: everything told of until then
    is in, and repeating is safe.
    """
    if await Partners(scope).get() is None:
        raise OperatorError(f"There is no partner {scope.partner_id}.")
    running = _RunningImport(scope, kind, on_refused, on_progress)
    reader = IMPORT_HANDLERS[kind].reader(kind)
    try:
        async for chunk in chunks:
            await running.add_records(reader.feed(chunk))
        await running.add_records(reader.end())
        await running.finish()
    finally:
        await running.stop()
    return running.summary


class _RunningImport:
    """One stream under way: the slice that is being filled, and those that are being written."""

    def __init__(
        self,
        scope: Scope,
        kind: ImportKind,
        on_refused: Callable[[RejectedRecord], None],
        on_progress: Callable[[ImportSummary], None],
    ) -> None:
        self.summary = ImportSummary()
        self._scope, self._kind = scope, kind
        self._on_refused, self._on_progress = on_refused, on_progress
        self._filling = _ImportBatch()
        self._writing: deque[tuple[_ImportBatch, asyncio.Task[list[RecordResult]]]] = deque()
        self._handler = IMPORT_HANDLERS[kind]

    async def add_records(self, lines: Iterator[AcceptedRecord | RejectedRecord]) -> None:
        """Reads lines, and writes slices as they fill up."""
        for place, read in enumerate(lines):
            if place % _RECORDS_PER_YIELD == 0:
                # A chunk can hold a thousand lines, and requests and feeds of this process must not wait for them all.
                await asyncio.sleep(0)
            group = self._handler.group_key(read.record) if isinstance(read, AcceptedRecord) else None
            if self._filling.is_full(group, self._handler.batch_size):
                await self._start_batch()
            self._filling.add(read, group)

    async def _start_batch(self) -> None:
        starting, self._filling = self._filling, _ImportBatch()
        while self._writing and (len(self._writing) >= _MAX_CONCURRENCY or self._must_wait(starting)):
            await self._finish_oldest()
        lines = [read.record for read in starting.lines if isinstance(read, AcceptedRecord)]
        self._writing.append((starting, asyncio.create_task(_deliver_batch(self._scope, self._kind, lines))))

    def _must_wait(self, starting: _ImportBatch) -> bool:
        if self._kind is ImportKind.ADMINISTRATORS:
            return True
        return any(starting.overlaps(running) for running, _ in self._writing)

    async def _finish_oldest(self) -> None:
        """Waits for the oldest slice and tells what became of its lines."""
        done, task = self._writing[0]
        outcomes = iter(await task)
        self._writing.popleft()
        for read in done.lines:
            outcome = next(outcomes) if isinstance(read, AcceptedRecord) else read
            if isinstance(read, AcceptedRecord) and isinstance(outcome, InvalidRecord):
                outcome = reject_record(read.raw, read.record.key, outcome)
            if isinstance(outcome, RejectedRecord):
                self.summary.refused += 1
                self._on_refused(outcome)
            elif isinstance(outcome, UpsertResult):
                self.summary.count(outcome)
        self._on_progress(self.summary)

    async def finish(self) -> None:
        """Writes what is left."""
        if self._filling.lines:
            await self._start_batch()
        while self._writing:
            await self._finish_oldest()

    async def stop(self) -> None:
        """Lets no slice run on behind an import that has failed or was given up."""
        tasks = [task for _, task in self._writing]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _deliver_batch(scope: Scope, kind: ImportKind, records: Sequence[ImportRecord]) -> list[RecordResult]:
    """Write the records of one batch; return their results in the same order."""
    if not records:
        return []
    deliver = partial(IMPORT_HANDLERS[kind].deliver, scope)
    if kind is ImportKind.ADMINISTRATORS:
        # Each administrator has a transaction of its own: a repeated half would report those written as unchanged.
        return await deliver(records, DEADLINE_SECONDS)
    return [result for results in await halve_on_conflict(records, deliver) for result in results]
