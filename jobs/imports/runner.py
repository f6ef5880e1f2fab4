"""Imports a stream of records in batches grouped by customer, with memory independent of the length of the stream."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from msgspec import Struct, field

from domain.failures import InvalidRecord, OperatorError
from domain.imports.records import ImportKind, ImportRecord
from jobs.imports.batch_limits import MAX_BATCHES, limit_batches
from jobs.imports.handlers import IMPORT_HANDLERS, ImportHandler
from jobs.imports.pacing import CheckAccess, Pacer, allow_always, split_pieces
from jobs.imports.records import AcceptedRecord, RejectedRecord, reject_record
from store.changes.customer_batch import BATCH_SIZE
from store.database.conflict_halving import halve_on_conflict
from store.database.scope import Scope
from store.database.transactions import DEADLINE_SECONDS
from store.imports.deliveries import RecordResult, UpsertResult
from store.tenants.partners import Partners


class ImportSummary(Struct):
    """How many records were added, changed, unchanged or refused."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def lines(self) -> int:
        """The total number of records."""
        return self.added + self.changed + self.unchanged + self.refused

    def add(self, other: "ImportSummary") -> None:
        """Add the counts of another stream."""
        for name in ImportSummary.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def count(self, result: UpsertResult) -> None:
        """Count one accepted record."""
        setattr(self, result.value, getattr(self, result.value) + 1)


def ignore_rejection(_: RejectedRecord) -> None:
    """Do nothing; for callers that need only the counts."""


def ignore_progress(_: ImportSummary) -> None:
    """Do nothing; for callers that need only the end."""


class _ImportBatch(Struct):
    """Records in the order of the stream, including rejected ones, so that rejections are reported in this order."""

    records: list[AcceptedRecord | RejectedRecord] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    size: int = 0

    def add(self, read: AcceptedRecord | RejectedRecord, group: str | None) -> None:
        self.records.append(read)
        self.size += len(read.raw.raw if isinstance(read, AcceptedRecord) else read.raw)
        if group is not None:
            self.groups.add(group)
        if isinstance(read, AcceptedRecord):
            self.keys.add(read.record.key)

    def overlaps(self, other: "_ImportBatch") -> bool:
        """True where the batches have a customer or a key in common, so that their order matters."""
        return not (self.groups.isdisjoint(other.groups) and self.keys.isdisjoint(other.keys))

    def is_full(self, group: str | None, handler: ImportHandler) -> bool:
        """True where a record of this group has to begin another batch."""
        is_new = group is not None and group not in self.groups
        has_room = len(self.records) < handler.batch_size and self.size < handler.batch_bytes
        return not has_room or (is_new and len(self.groups) >= BATCH_SIZE)


async def import_stream(
    scope: Scope,
    kind: ImportKind,
    chunks: AsyncIterator[bytes],
    on_rejected: Callable[[RejectedRecord], None] = ignore_rejection,
    on_progress: Callable[[ImportSummary], None] = ignore_progress,
    check_access: CheckAccess = allow_always,
) -> ImportSummary:
    """Import a whole stream of one kind; a rejected record does not stop the others.

    InvalidStream where no record can be read. Unavailable where the database cannot be reached. `check_access` runs
    before each batch, and raises what ends the import. However it ends, the records that were reported until then are
    stored, and repeating the import is safe.
    """
    if await Partners(scope).get() is None:
        raise OperatorError(f"There is no partner {scope.partner_id}.")
    pacer = Pacer(check_access)
    running = _RunningImport(scope, kind, on_rejected, on_progress, pacer)
    reader = IMPORT_HANDLERS[kind].reader(kind)
    try:
        async for chunk in chunks:
            await pacer.check_access_if_due()
            await pacer.pause_if_due()
            for piece in split_pieces(chunk):
                await running.add_records(reader.feed(piece))
        await running.add_records(reader.end())
        await running.finish()
    except Exception:
        # What is being written is stored in most cases: the summary counts it.
        with suppress(Exception):
            await running.finish_started()
        raise
    finally:
        await running.stop()
    return running.summary


class _RunningImport:
    """The state of one import: the batch that is filled, and the batches that are written."""

    def __init__(
        self,
        scope: Scope,
        kind: ImportKind,
        on_rejected: Callable[[RejectedRecord], None],
        on_progress: Callable[[ImportSummary], None],
        pacer: Pacer,
    ) -> None:
        self.summary = ImportSummary()
        self._scope, self._kind = scope, kind
        self._on_rejected, self._on_progress, self._pacer = on_rejected, on_progress, pacer
        self._filling = _ImportBatch()
        self._writing: deque[tuple[_ImportBatch, asyncio.Task[list[RecordResult]]]] = deque()
        self._handler = IMPORT_HANDLERS[kind]

    async def add_records(self, records: Iterator[AcceptedRecord | RejectedRecord]) -> None:
        """Add records to the current batch, and start to write each full batch."""
        for read in records:
            await self._pacer.pause_if_due()
            group = self._handler.group_key(read.record) if isinstance(read, AcceptedRecord) else None
            if self._filling.is_full(group, self._handler):
                await self._start_batch()
            self._filling.add(read, group)
        await self._pacer.pause_if_due()

    async def _start_batch(self) -> None:
        await self._pacer.check_access()
        starting, self._filling = self._filling, _ImportBatch()
        while self._writing and (len(self._writing) >= MAX_BATCHES or self._must_wait(starting)):
            await self._finish_oldest()
        records = [read.record for read in starting.records if isinstance(read, AcceptedRecord)]
        self._writing.append((starting, asyncio.create_task(_deliver_batch(self._scope, self._kind, records))))

    def _must_wait(self, starting: _ImportBatch) -> bool:
        if self._kind is ImportKind.ADMINISTRATORS:
            return True
        return any(starting.overlaps(running) for running, _ in self._writing)

    async def _finish_oldest(self) -> None:
        """Wait for the oldest batch and report the results of its records."""
        batch, task = self._writing[0]
        results = iter(await task)
        self._writing.popleft()
        for read in batch.records:
            result = next(results) if isinstance(read, AcceptedRecord) else read
            if isinstance(read, AcceptedRecord) and isinstance(result, InvalidRecord):
                result = reject_record(read.raw, read.record.key, result)
            if isinstance(result, RejectedRecord):
                self.summary.refused += 1
                self._on_rejected(result)
            elif isinstance(result, UpsertResult):
                self.summary.count(result)
        self._on_progress(self.summary)

    async def finish(self) -> None:
        """Write the remaining batches."""
        if self._filling.records:
            await self._start_batch()
        await self.finish_started()

    async def finish_started(self) -> None:
        """Wait for the batches that are being written, and report their results."""
        while self._writing:
            await self._finish_oldest()

    async def stop(self) -> None:
        """Cancel the batches that an import still writes when it fails or is cancelled."""
        tasks = [task for _, task in self._writing]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _deliver_batch(scope: Scope, kind: ImportKind, records: Sequence[ImportRecord]) -> list[RecordResult]:
    """Write the records of one batch; return their results in the same order."""
    if not records:
        return []
    deliver = partial(IMPORT_HANDLERS[kind].deliver, scope)
    async with limit_batches(scope.partner_id):
        if kind is ImportKind.ADMINISTRATORS:
            # Each administrator has a transaction of its own: a repeated half would report those written as unchanged.
            return await deliver(records, DEADLINE_SECONDS)
        return [result for results in await halve_on_conflict(records, deliver) for result in results]
