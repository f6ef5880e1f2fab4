"""What goes to one client: at once where it keeps up, else through a bounded queue and a last look at what leaves."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from server.live.access import Access
from server.live.feed_execution import Answer
from server.live.metrics import FeedFigures
from server.live.protocol import CloseCode, ProtocolError
from server.live.socket_transport import Wire
from store.database.clock import utc_now

MAX_MESSAGES = 256
MAX_BYTES = 1024 * 1024
# One who takes nothing at all for so long has stopped reading.
STALLED_SECONDS = 5.0


class Sender(Protocol):
    """What a message belongs to."""

    is_wanted: bool


class _Entry(NamedTuple):
    text: bytes
    sender: Sender | None
    answer: Answer | None


def _nobody(_: ProtocolError) -> None:
    """Hears nothing."""


class Outbox:
    """Takes messages without waiting; one who does not keep up is closed, so that nobody else waits or pays.

    `heard` returns while the feed is heard: what was queued does not leave while access may have changed unheard.
    """

    def __init__(
        self,
        wire: Wire,
        heard: Callable[[], Awaitable[None]],
        figures: FeedFigures,
        on_overflow: Callable[[ProtocolError], None],
    ) -> None:
        self._wire, self._heard, self._figures, self._on_overflow = wire, heard, figures, on_overflow
        self._entries: deque[_Entry] = deque()
        self._bytes = 0
        self._is_shut = False
        self._draining: asyncio.Task[None] | None = None
        # The client's, once it has said who it is.
        self.access: Access | None = None

    def put(self, text: bytes, sender: Sender | None = None, answer: Answer | None = None) -> None:
        """Sends a message, or queues it; `answer` is what it carries of a feed.

        It is dropped if by the time it leaves its sender is not wanted, or the viewer may no longer see it.
        """
        if self._is_shut:
            return
        if not self._entries:
            if not self._may_leave(sender, answer):
                self._figures.dropped += 1
                return
            if self._wire.write(text):
                self._figures.delivered += answer is not None
                return
        self._queue(_Entry(text, sender, answer))

    def put_first(self, text: bytes) -> None:
        """Sends what belongs to no operation, past all that is queued if the client takes it."""
        if not self._is_shut and not self._wire.write(text):
            self._queue(_Entry(text, None, None))

    def shut(self) -> None:
        """From this moment on nothing leaves any more, and nobody need be told."""
        self._is_shut = True
        self._clear()
        # It is a method of whoever has this outbox: each would keep the other until the collector comes.
        self._on_overflow = _nobody
        if self._draining is not None:
            self._draining.cancel()

    async def flushed(self) -> None:
        """Returns once all that was put is sent, or nobody is there to take it."""
        if self._draining is not None:
            await asyncio.wait({self._draining})

    def _queue(self, entry: _Entry) -> None:
        self._entries.append(entry)
        self._bytes += len(entry.text)
        self._figures.queued += 1
        if len(self._entries) > MAX_MESSAGES or self._bytes > MAX_BYTES:
            self._give_up()
        elif self._draining is None:
            self._draining = asyncio.create_task(self._drain(), name="outbox")
            self._draining.add_done_callback(self._drained)

    def _give_up(self) -> None:
        self._clear()
        self._on_overflow(ProtocolError(CloseCode.TOO_SLOW, "You do not keep up: resume from your cursor."))

    def _clear(self) -> None:
        self._figures.queued -= len(self._entries)
        self._figures.dropped += len(self._entries)
        self._entries.clear()
        self._bytes = 0

    async def _drain(self) -> None:
        """Sends what is queued, in order, as the client takes it."""
        while self._entries:
            try:
                async with asyncio.timeout(STALLED_SECONDS):
                    is_there = await self._wire.drained()
            except TimeoutError:
                self._give_up()
                return
            if not is_there:
                self._clear()
                return
            if self._entries[0].answer is not None:
                await self._heard()
            self._send_next()

    def _send_next(self) -> None:
        """Between the look at the first entry and its leaving nothing else may run."""
        text, sender, answer = self._entries[0]
        may_leave = self._may_leave(sender, answer)
        if may_leave and not self._wire.write(text):
            return
        self._entries.popleft()
        self._bytes -= len(text)
        self._figures.queued -= 1
        if not may_leave:
            self._figures.dropped += 1
        elif answer is not None:
            self._figures.delivered += 1

    def _drained(self, _: "asyncio.Task[None]") -> None:
        self._draining = None

    def _may_leave(self, sender: Sender | None, answer: Answer | None) -> bool:
        if sender is not None and not sender.is_wanted:
            return False
        if answer is None or answer.hold is None or answer.position is None:
            return True
        return self.access is not None and self.access.opens(answer.hold, answer.position, utc_now())
