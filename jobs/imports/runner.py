"""Imports a stream of delivered lines: slices by customer, each one transaction, memory flat in the stream's length."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from domain.failures import LineRefused, OperatorError, Unavailable
from domain.imports.records import Line, LineKind
from jobs.imports.handlers import WAYS
from jobs.imports.records import Accepted, Refusal, refusal
from store.changes.customer_batch import SLICE
from store.database.client import ConnectionFailure
from store.database.scope import Scope
from store.database.transactions import DEADLINE_SECONDS
from store.imports.deliveries import LineOutcome, Outcome
from store.tenants.partners import Partners

_BYTES = 4 << 20
_IN_ONE_GO = 100
_AT_ONCE = 3
# A slice that cannot get through for so long is halved, until it is one customer's.
_PATIENCE_SECONDS = 2.0


@dataclass(slots=True)
class Summary:
    """How many lines did what."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def lines(self) -> int:
        """All of them."""
        return self.added + self.changed + self.unchanged + self.refused

    def add(self, other: "Summary") -> None:
        """Adds the lines of another stream."""
        for name in Summary.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def count(self, outcome: Outcome) -> None:
        """Counts one accepted line."""
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)


def ignore_refusal(_: Refusal) -> None:
    """For callers that only count."""


def ignore_progress(_: Summary) -> None:
    """For callers that only wait."""


@dataclass(slots=True)
class _Slice:
    """Lines in their order; refused ones stand among them, so that refusals are told in the order of the stream."""

    lines: list[Accepted | Refusal] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    size: int = 0

    def add(self, line: Accepted | Refusal, group: str | None) -> None:
        self.lines.append(line)
        self.size += len(line.raw.raw if isinstance(line, Accepted) else line.raw)
        if group is not None:
            self.groups.add(group)
        if isinstance(line, Accepted):
            self.keys.add(line.line.key)

    def meets(self, other: "_Slice") -> bool:
        """Whether the two have a customer or a key in common, so that their order matters."""
        return not (self.groups.isdisjoint(other.groups) and self.keys.isdisjoint(other.keys))

    def is_full(self, group: str | None, most: int) -> bool:
        """Whether a line of this group has to begin another slice."""
        is_new = group is not None and group not in self.groups
        return len(self.lines) >= most or self.size >= _BYTES or (is_new and len(self.groups) >= SLICE)


async def import_stream(
    scope: Scope,
    kind: LineKind,
    chunks: AsyncIterator[bytes],
    on_refused: Callable[[Refusal], None] = ignore_refusal,
    on_progress: Callable[[Summary], None] = ignore_progress,
) -> Summary:
    """Takes in a whole stream of one kind; bad lines are refused one by one and stop nothing.

    StreamRefused where none of them can be read. Unavailable where the database is gone: everything told of until then
    is in, and repeating is safe.
    """
    if await Partners(scope).get() is None:
        raise OperatorError(f"There is no partner {scope.partner_id}.")
    running = _Import(scope, kind, on_refused, on_progress)
    reader = WAYS[kind].reader(kind)
    try:
        async for chunk in chunks:
            await running.take(reader.feed(chunk))
        await running.take(reader.end())
        await running.finish()
    finally:
        await running.stop()
    return running.summary


class _Import:
    """One stream under way: the slice that is being filled, and those that are being written."""

    def __init__(
        self,
        scope: Scope,
        kind: LineKind,
        on_refused: Callable[[Refusal], None],
        on_progress: Callable[[Summary], None],
    ) -> None:
        self.summary = Summary()
        self._scope, self._kind = scope, kind
        self._on_refused, self._on_progress = on_refused, on_progress
        self._filling = _Slice()
        self._writing: deque[tuple[_Slice, asyncio.Task[list[LineOutcome]]]] = deque()
        self._way = WAYS[kind]

    async def take(self, lines: Iterator[Accepted | Refusal]) -> None:
        """Reads lines, and writes slices as they fill up."""
        for place, read in enumerate(lines):
            if place % _IN_ONE_GO == 0:
                # A chunk can hold a thousand lines, and requests and feeds of this process must not wait for them all.
                await asyncio.sleep(0)
            group = self._way.group(read.line) if isinstance(read, Accepted) else None
            if self._filling.is_full(group, self._way.slice_lines):
                await self._start()
            self._filling.add(read, group)

    async def _start(self) -> None:
        starting, self._filling = self._filling, _Slice()
        while self._writing and (len(self._writing) >= _AT_ONCE or self._must_wait(starting)):
            await self._settle()
        lines = [read.line for read in starting.lines if isinstance(read, Accepted)]
        self._writing.append((starting, asyncio.create_task(_deliver(self._scope, self._kind, lines))))

    def _must_wait(self, starting: _Slice) -> bool:
        if self._kind is LineKind.ADMINISTRATORS:
            return True
        return any(starting.meets(running) for running, _ in self._writing)

    async def _settle(self) -> None:
        """Waits for the oldest slice and tells what became of its lines."""
        done, task = self._writing[0]
        outcomes = iter(await task)
        self._writing.popleft()
        for read in done.lines:
            outcome = next(outcomes) if isinstance(read, Accepted) else read
            if isinstance(read, Accepted) and isinstance(outcome, LineRefused):
                outcome = refusal(read.raw, read.line.key, outcome)
            if isinstance(outcome, Refusal):
                self.summary.refused += 1
                self._on_refused(outcome)
            elif isinstance(outcome, Outcome):
                self.summary.count(outcome)
        self._on_progress(self.summary)

    async def finish(self) -> None:
        """Writes what is left."""
        if self._filling.lines:
            await self._start()
        while self._writing:
            await self._settle()

    async def stop(self) -> None:
        """Lets no slice run on behind an import that has failed or was given up."""
        tasks = [task for _, task in self._writing]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _deliver(scope: Scope, kind: LineKind, lines: Sequence[Line]) -> list[LineOutcome]:
    if not lines:
        return []
    # Administrators are written one by one, and what is in would be told again as if it had been there before.
    is_whole = len(lines) == 1 or kind is LineKind.ADMINISTRATORS
    try:
        return await WAYS[kind].deliver(scope, lines, DEADLINE_SECONDS if is_whole else _PATIENCE_SECONDS)
    except Unavailable as error:
        # Where the database itself is gone, smaller slices find it gone too.
        if is_whole or isinstance(error.__cause__, ConnectionFailure):
            raise
    middle = len(lines) // 2
    first = await _deliver(scope, kind, lines[:middle])
    return first + await _deliver(scope, kind, lines[middle:])
