"""What goes to one client: at once where it keeps up, else through a bounded queue and a last look at what leaves."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from server.live.access import AdministratorAccess
from server.live.feed_execution import FeedResult
from server.live.metrics import FeedMetrics
from server.live.protocol import CloseCode, ProtocolError
from server.live.socket_transport import FrameWriter
from store.database.clock import utc_now

MAX_MESSAGES = 256
MAX_BYTES = 1024 * 1024
# One who takes nothing at all for so long has stopped reading.
STALL_TIMEOUT_SECONDS = 5.0


class Sender(Protocol):
    """What a message belongs to."""

    is_active: bool


class _Entry(NamedTuple):
    text: bytes
    sender: Sender | None
    result: FeedResult | None


def _ignore_overflow(_: ProtocolError) -> None:
    """Hears nothing."""


class SendQueue:
    """Takes messages without waiting; one who does not keep up is closed, so that nobody else waits or pays.

    `wait_until_fresh` returns while the feed is current: nothing queued leaves while an access change may be unread.
    """

    def __init__(
        self,
        writer: FrameWriter,
        wait_until_fresh: Callable[[], Awaitable[None]],
        metrics: FeedMetrics,
        on_overflow: Callable[[ProtocolError], None],
    ) -> None:
        self._writer, self._wait_until_fresh, self._metrics, self._on_overflow = (
            writer,
            wait_until_fresh,
            metrics,
            on_overflow,
        )
        self._entries: deque[_Entry] = deque()
        self._bytes = 0
        self._is_closed = False
        self._drain_task: asyncio.Task[None] | None = None
        # The client's, once it has said who it is.
        self.access: AdministratorAccess | None = None

    def put(self, text: bytes, sender: Sender | None = None, result: FeedResult | None = None) -> None:
        """Sends a message, or queues it; `result` is what it carries of a feed.

        It is dropped if by the time it leaves its sender is not wanted, or the viewer may no longer see it.
        """
        if self._is_closed:
            return
        if not self._entries:
            if not self._may_send(sender, result):
                self._metrics.dropped += 1
                return
            if self._writer.write(text):
                self._metrics.delivered += result is not None
                return
        self._queue(_Entry(text, sender, result))

    def put_first(self, text: bytes) -> None:
        """Sends what belongs to no operation, past all that is queued if the client takes it."""
        if not self._is_closed and not self._writer.write(text):
            self._queue(_Entry(text, None, None))

    def close(self) -> None:
        """From this moment on nothing leaves any more, and nobody need be told."""
        self._is_closed = True
        self._clear()
        # It is a method of whoever has this send_queue: each would keep the other until the collector comes.
        self._on_overflow = _ignore_overflow
        if self._drain_task is not None:
            self._drain_task.cancel()

    async def wait_until_sent(self) -> None:
        """Returns once all that was put is sent, or nobody is there to take it."""
        if self._drain_task is not None:
            await asyncio.wait({self._drain_task})

    def _queue(self, entry: _Entry) -> None:
        self._entries.append(entry)
        self._bytes += len(entry.text)
        self._metrics.queued += 1
        if len(self._entries) > MAX_MESSAGES or self._bytes > MAX_BYTES:
            self._overflow()
        elif self._drain_task is None:
            self._drain_task = asyncio.create_task(self._drain(), name="send queue")
            self._drain_task.add_done_callback(self._clear_drain_task)

    def _overflow(self) -> None:
        self._clear()
        self._on_overflow(ProtocolError(CloseCode.TOO_SLOW, "You do not keep up: resume from your cursor."))

    def _clear(self) -> None:
        self._metrics.queued -= len(self._entries)
        self._metrics.dropped += len(self._entries)
        self._entries.clear()
        self._bytes = 0

    async def _drain(self) -> None:
        """Sends what is queued, in order, as the client takes it."""
        while self._entries:
            try:
                async with asyncio.timeout(STALL_TIMEOUT_SECONDS):
                    is_there = await self._writer.wait_until_writable()
            except TimeoutError:
                self._overflow()
                return
            if not is_there:
                self._clear()
                return
            if self._entries[0].result is not None:
                await self._wait_until_fresh()
            self._send_next()

    def _send_next(self) -> None:
        """Between the look at the first entry and its leaving nothing else may run."""
        text, sender, result = self._entries[0]
        may_leave = self._may_send(sender, result)
        if may_leave and not self._writer.write(text):
            return
        self._entries.popleft()
        self._bytes -= len(text)
        self._metrics.queued -= 1
        if not may_leave:
            self._metrics.dropped += 1
        elif result is not None:
            self._metrics.delivered += 1

    def _clear_drain_task(self, _: "asyncio.Task[None]") -> None:
        self._drain_task = None

    def _may_send(self, sender: Sender | None, result: FeedResult | None) -> bool:
        if sender is not None and not sender.is_active:
            return False
        if result is None or result.access_grant is None or result.position is None:
            return True
        return self.access is not None and self.access.allows(result.access_grant, result.position, utc_now())
