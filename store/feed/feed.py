"""The feed: what every subscription of the process is served from, in memory, and the way back into the oplog."""

import asyncio
from collections.abc import AsyncGenerator, Callable
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
    """One change stream, read by a client of its own: a stream must not wait behind queries, nor they behind it."""

    def __init__(
        self,
        uri: str,
        database: str,
        secret: bytes,
        *,
        driver: Driver = "motor",
        ring_size: int = RING_SIZE,
        history_seconds: int = HISTORY_SECONDS,
    ) -> None:
        # Without a bound of its own a read would wait for good on a server that hangs.
        self._client = Client(uri, database, driver=driver, timeout_ms=None, socketTimeoutMS=5000)
        self._secret = secret
        self._ring = RingBuffer(ring_size)
        self._stream = EventStream(self._client, history_seconds, self._restart, self._append, self._ring.advance)
        # Called with each event, in order, before any follower hears of it.
        self.listeners: list[Callable[[FeedEvent], None]] = []
        # Called where events are gone unheard: whatever was concluded from hearing nothing no longer holds.
        self.gap_listeners: list[Callable[[], None]] = []
        self._gaps = 0
        self._arrivals: dict[str, asyncio.Event] = {}
        self._catch_ups = CatchUps(self._client, self._ring.covers)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Opens the stream and returns once everything that had happened by then lies in the ring."""
        self._task = asyncio.create_task(self._stream.run(), name="feed")
        # It ends by `stop` alone: anything else goes to the log, and /readyz says so within a second.
        self._task.add_done_callback(lambda task: task.cancelled() or task.result())
        caught_up = asyncio.create_task(self._stream.caught_up.wait())
        await asyncio.wait({self._task, caught_up}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            caught_up.cancel()
            self._task.result()

    async def stop(self) -> None:
        """Ends the stream and closes the client; those who wait for news wait on."""
        self._stream.stop()
        if self._task is not None:
            # The read under way is short; cancelling it would leave its thread behind.
            await asyncio.wait({self._task})
        await self._client.close()

    @property
    def is_ready(self) -> bool:
        """Whether the ring has been filled once."""
        return self._stream.caught_up.is_set()

    @property
    def is_fresh(self) -> bool:
        """Whether the database was heard within the last second."""
        return monotonic() - self._stream.last_response_at < MAX_SILENCE_SECONDS

    @property
    def position(self) -> Position:
        """Up to where the stream has been read: whatever a read does not show from now on lies behind it.

        The stream brings only what a majority has, and every read from now on shows at least that.
        """
        return self._ring.reached

    async def now_cursor(self, partner_id: str) -> str:
        """A cursor for Query.feedCursor: take it before anything else of the operation is read."""
        return self.cursor(partner_id, self.position)

    def cursor(self, partner_id: str, position: Position) -> str:
        """The cursor that names the position."""
        return encode_feed_cursor(self._secret, partner_id, position)

    def read_cursor(self, partner_id: str, cursor: str) -> Position:
        """The position of a cursor that this partner was given; InvalidCursor for any other."""
        return decode_feed_cursor(self._secret, partner_id, cursor)

    @property
    def seconds_since_response(self) -> float:
        """How long ago the database was last heard, in seconds."""
        return monotonic() - self._stream.last_response_at

    @property
    def lag(self) -> float:
        """How old the newest event was when it came, in seconds."""
        return self._stream.lag

    @property
    def reopen_count(self) -> int:
        """How often the stream had to be opened again."""
        return max(0, self._stream.open_count - 1)

    @property
    def catch_up_count(self) -> int:
        """How many catch-ups the process has made."""
        return self._catch_ups.started_count

    async def wait_until_fresh(self) -> None:
        """Returns while the database is heard, at once or once it is again: what access it took away is known then."""
        while not self.is_fresh:
            await self._stream.next_response.wait()

    async def follow(
        self, partner_id: str, position: Position, *, only_to_now: bool = False
    ) -> AsyncGenerator[EventSegment, None]:
        """The partner's events behind the position, from oplog and ring, without end or up to this moment.

        CursorExpired where the database has forgotten some of them.
        """
        gaps = self._gaps
        while True:
            if self._gaps != gaps:
                # Changes of access may have gone unheard too: whoever goes on must be let in anew.
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
            elif only_to_now:
                yield segment
                return
            else:
                await self._arrivals.setdefault(partner_id, asyncio.Event()).wait()

    def read_segment(self, partner_id: str, position: Position) -> EventSegment:
        """The partner's next events that lie in the ring; CursorExpired where it does not reach back that far."""
        events = self._ring.events_after(partner_id, position, SEGMENT_SIZE)
        is_whole = len(events) < SEGMENT_SIZE
        return EventSegment(events, max(position, self._ring.reached) if is_whole else events[-1].position)

    def covers(self, partner_id: str, position: Position) -> bool:
        """Whether the ring has everything of the partner behind the position."""
        return self._ring.covers(partner_id, position)

    def is_at_end(self, partner_id: str, position: Position) -> bool:
        """Whether the ring has nothing of the partner behind the position."""
        return self._ring.covers(partner_id, position) and not self._ring.events_after(partner_id, position, 1)

    def _restart(self, start: Position) -> None:
        if start <= self._ring.reached:
            # It begins further back than it broke: the events in between come once more, and none is missing.
            return
        self._ring.restart(start)
        self._gaps += 1
        for on_gap in self.gap_listeners:
            on_gap()
        for news in self._arrivals.values():
            news.set()
        self._arrivals.clear()

    def _append(self, event: FeedEvent) -> None:
        if not self._ring.append(event):
            return
        for listener in self.listeners:
            listener(event)
        if (news := self._arrivals.pop(event.partner_id, None)) is not None:
            news.set()
