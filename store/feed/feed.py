"""The feed: the source of every subscription of a process, from the ring in memory and from the oplog."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from time import monotonic

from domain.cursors.feed import Position, decode_feed_cursor, encode_feed_cursor
from domain.failures import CursorExpired
from store.database.client import Client, Driver
from store.feed.catch_ups import CatchUps
from store.feed.events import FeedEvent
from store.feed.oplog import SEGMENT_SIZE, EventSegment
from store.feed.ring import RingBuffer
from store.feed.stream import EventStream

RING_SIZE = 10_000
HISTORY_SECONDS = 300
MAX_SILENCE_SECONDS = 1.0


class Feed:
    """One change stream with a database client of its own, so that stream and queries do not wait for each other."""

    def __init__(
        self,
        uri: str,
        database: str,
        secrets: Sequence[bytes],
        *,
        driver: Driver = "motor",
        ring_size: int = RING_SIZE,
        history_seconds: int = HISTORY_SECONDS,
    ) -> None:
        """Sign cursors with the first secret; accept those that any of them signed."""
        # Without a socket timeout, a read would wait without end for a server that hangs.
        self._client = Client(uri, database, driver=driver, timeout_ms=None, socketTimeoutMS=5000)
        self._secrets = secrets
        self._ring = RingBuffer(ring_size)
        self._stream = EventStream(self._client, history_seconds, self._restart, self._append, self._ring.advance)
        # Called with each event, in order, before any follower receives it.
        self.listeners: list[Callable[[FeedEvent], None]] = []
        # Called when events were missed: anything cached until an event arrives may be wrong.
        self.gap_listeners: list[Callable[[], None]] = []
        self._gap_count = 0
        self._arrivals: dict[str, asyncio.Event] = {}
        self._catch_ups = CatchUps(self._client, self._ring.covers)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the stream; return when the ring has all events up to the call."""
        self._task = asyncio.create_task(self._stream.run(), name="feed")
        # The task ends only by `stop`: an exception is logged by asyncio, and /readyz fails within a second.
        self._task.add_done_callback(lambda task: task.cancelled() or task.result())
        caught_up = asyncio.create_task(self._stream.caught_up.wait())
        await asyncio.wait({self._task, caught_up}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            caught_up.cancel()
            self._task.result()

    async def stop(self) -> None:
        """Stop the stream and close the client; followers keep waiting."""
        self._stream.stop()
        if self._task is not None:
            # The current read is short; cancelling it would leave its thread running.
            await asyncio.wait({self._task})
        await self._client.close()

    @property
    def is_fresh(self) -> bool:
        """Whether the change stream answered within the last second."""
        return monotonic() - self._stream.last_response_at < MAX_SILENCE_SECONDS

    @property
    def position(self) -> Position:
        """The position up to which the stream has been read. What a later query does not show is after it.

        The stream returns only what a majority of the replica set has; later queries show at least that.
        """
        return self._ring.reached

    async def now_cursor(self, partner_id: str) -> str:
        """Return a cursor for Query.feedCursor; call it before anything else of the operation is read."""
        return self.cursor(partner_id, self.position)

    def cursor(self, partner_id: str, position: Position) -> str:
        """Return the partner's cursor for the position."""
        return encode_feed_cursor(self._secrets[0], partner_id, position)

    def read_cursor(self, partner_id: str, cursor: str) -> Position:
        """Return the position of a cursor of this partner; raise InvalidCursor for any other text."""
        return decode_feed_cursor(self._secrets, partner_id, cursor)

    @property
    def seconds_since_response(self) -> float:
        """The time since the change stream last answered."""
        return monotonic() - self._stream.last_response_at

    @property
    def lag(self) -> float:
        """The age of the newest event when it was read, in seconds."""
        return self._stream.lag

    @property
    def reopen_count(self) -> int:
        """How often the stream was opened again."""
        return max(0, self._stream.open_count - 1)

    @property
    def catch_up_count(self) -> int:
        """How often the oplog was read for resuming subscribers."""
        return self._catch_ups.started_count

    async def wait_until_fresh(self) -> None:
        """Wait until the change stream answers: then every loss of access up to a second ago is known."""
        while not self.is_fresh:
            await self._stream.next_response.wait()

    async def wait_until_reached(self, time: int, seconds: float) -> bool:
        """Return whether the stream has been read up to the cluster time, now or within the seconds."""
        try:
            async with asyncio.timeout(seconds):
                while self.position.time < time:
                    await self._stream.next_response.wait()
        except TimeoutError:
            return False
        return True

    async def follow(
        self, partner_id: str, position: Position, *, only_to_now: bool = False
    ) -> AsyncGenerator[EventSegment, None]:
        """Yield the partner's events after the position, from oplog and ring, without end or up to now.

        Raise CursorExpired where the oplog no longer has some of them, or events were missed.
        """
        gap_count = self._gap_count
        while True:
            if self._gap_count != gap_count:
                # Changes of access may be among the missed events: the subscriber must be authorized again.
                raise CursorExpired
            if not self._ring.covers(partner_id, position):
                async with aclosing(self._catch_ups.follow(partner_id, position)) as segments:
                    async for segment in segments:
                        position = segment.reached
                        yield segment
                        if self._ring.covers(partner_id, position):
                            break
                continue
            segment = self.read_segment(partner_id, position)
            position = segment.reached
            if segment.events:
                yield segment
                if only_to_now or position != self._ring.reached:
                    continue
            elif only_to_now:
                yield segment
                return
            # Nothing has come since: each follower would read the ring again, to find nothing.
            await self._arrivals.setdefault(partner_id, asyncio.Event()).wait()

    def read_segment(self, partner_id: str, position: Position) -> EventSegment:
        """Return the partner's next events in the ring; raise CursorExpired where some were dropped."""
        events = self._ring.events_after(partner_id, position, SEGMENT_SIZE)
        is_last = len(events) < SEGMENT_SIZE
        return EventSegment(events, max(position, self._ring.reached) if is_last else events[-1].position)

    def covers(self, partner_id: str, position: Position) -> bool:
        """Return whether the ring has all events of the partner after the position."""
        return self._ring.covers(partner_id, position)

    def is_at_end(self, partner_id: str, position: Position) -> bool:
        """Return whether the partner has no event after the position."""
        return self._ring.covers(partner_id, position) and not self._ring.events_after(partner_id, position, 1)

    def _restart(self, start: Position) -> None:
        if start <= self._ring.reached:
            # The new stream starts before the end of the ring: some events are repeated, none is missing.
            return
        self._ring.restart(start)
        self._gap_count += 1
        for on_gap in self.gap_listeners:
            on_gap()
        for arrival in self._arrivals.values():
            arrival.set()
        self._arrivals.clear()

    def _append(self, event: FeedEvent) -> None:
        if not self._ring.append(event):
            return
        for listener in self.listeners:
            listener(event)
        if (arrival := self._arrivals.pop(event.partner_id, None)) is not None:
            arrival.set()
