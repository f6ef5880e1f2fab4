"""Catch-up: reads from the oplog what resuming subscribers missed, once for all subscribers of a partner."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from domain.cursors.feed import Position
from domain.failures import CursorExpired, RequestFailure
from store.database.client import Client
from store.feed.oplog import EventSegment, read_oplog

MAX_CONCURRENT_CATCH_UPS = 4
# Wait this long before reading, so that subscribers that reconnect together after a restart share the read.
JOIN_SECONDS = 0.05
# Segments kept in memory for the slowest reader of a catch-up.
WINDOW_SIZE = 8

IsCoveredByRing = Callable[[str, Position], bool]


class CatchUps:
    """All catch-ups of a process, at most four at once.

    `is_covered(partner_id, position)` tells whether the ring has everything after the position. `started_count` is the
    number of reads of the oplog.
    """

    def __init__(self, client: Client, is_covered: IsCoveredByRing) -> None:
        self._client, self._is_covered = client, is_covered
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_CATCH_UPS)
        self._newest: dict[str, _CatchUp] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.started_count = 0

    async def follow(self, partner_id: str, position: Position) -> AsyncGenerator[EventSegment, None]:
        """Yield the partner's events after the position, until the ring covers the rest or the catch-up ends.

        The caller must check the ring, and call again where it does not cover the last position. Raise CursorExpired
        where the oplog no longer has some of the events, Unavailable where the database fails.
        """
        catch_up, has_received = self._join_or_start(partner_id, position), False
        try:
            async with aclosing(catch_up.read_segments(position)) as segments:
                async for segment in segments:
                    has_received = True
                    yield segment
        except CursorExpired:
            # The lowest cursor of the shared read had expired. A later one may still be valid: the caller tries again.
            if has_received or position <= catch_up.start:
                raise

    def _join_or_start(self, partner_id: str, position: Position) -> "_CatchUp":
        newest = self._newest.get(partner_id)
        if newest is None or not newest.can_join(position):
            newest = self._newest[partner_id] = _CatchUp(position)
            task = asyncio.create_task(self._run(partner_id, newest), name="catch-up")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return newest

    async def _run(self, partner_id: str, catch_up: "_CatchUp") -> None:
        failure: RequestFailure | None = None
        try:
            async with self._slots:
                await asyncio.sleep(JOIN_SECONDS)
                self.started_count += 1
                await catch_up.read(self._client, partner_id, self._is_covered)
        except RequestFailure as raised:
            failure = raised
        finally:
            catch_up.end(failure)
            if self._newest.get(partner_id) is catch_up:
                del self._newest[partner_id]


class _CatchUp:
    """One read of the oplog; its readers take the segments from a window, each at its own pace."""

    def __init__(self, start: Position) -> None:
        # The lowest position of the readers that joined before the read started.
        self.start = start
        self._base = start
        self._has_started = self._has_ended = False
        self._failure: RequestFailure | None = None
        self._window: deque[EventSegment] = deque()
        self._discarded_count = 0
        self._offsets: dict[object, int] = {}
        self._changed = asyncio.Event()

    def can_join(self, position: Position) -> bool:
        """Return whether all events after the position are in the window or not read yet."""
        return not self._has_ended and (not self._has_started or position >= self._base)

    async def read(self, client: Client, partner_id: str, is_covered: IsCoveredByRing) -> None:
        """Fill the window until the ring covers the rest or no reader is left."""
        self._has_started, self._base = True, self.start
        async with aclosing(read_oplog(client, partner_id, self.start)) as segments:
            async for segment in segments:
                while self._offsets and len(self._window) >= WINDOW_SIZE:
                    await self._changed.wait()
                self._window.append(segment)
                self._notify()
                if not self._offsets or is_covered(partner_id, segment.reached):
                    return

    def end(self, failure: RequestFailure | None) -> None:
        """End the window, with the failure that ended the read, if any."""
        self._has_ended, self._failure = True, failure
        self._notify()

    async def read_segments(self, position: Position) -> AsyncGenerator[EventSegment, None]:
        """Yield everything after the position, until the read ends; raise its failure."""
        if not self._has_started:
            self.start = min(self.start, position)
        reader = object()
        self._offsets[reader] = self._discarded_count
        try:
            while not (self._has_ended and self._offset(reader) == len(self._window)):
                if self._offset(reader) == len(self._window):
                    await self._changed.wait()
                    continue
                events, reached = self._window[self._offset(reader)]
                self._offsets[reader] += 1
                self._discard_consumed()
                yield EventSegment([event for event in events if event.position > position], max(position, reached))
        finally:
            del self._offsets[reader]
            self._discard_consumed()
        if self._failure is not None:
            raise self._failure

    def _offset(self, reader: object) -> int:
        return self._offsets[reader] - self._discarded_count

    def _discard_consumed(self) -> None:
        """Drop the segments that every reader has taken."""
        slowest = min(self._offsets.values(), default=self._discarded_count + len(self._window))
        while self._discarded_count < slowest:
            self._base = self._window.popleft().reached
            self._discarded_count += 1
        self._notify()

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
