"""The send queue of one client: bounded, and with a check of access when a message is sent."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from server.live.access import AdministratorAccess
from server.live.feed_execution import FeedResult
from server.live.frame_writer import FrameWriter, limit_unread_time
from server.live.metrics import FeedMetrics
from server.live.protocol import CloseCode, ProtocolError
from store.database.clock import utc_now

MAX_MESSAGES = 256
MAX_BYTES = 1024 * 1024
# A client that takes no message for this long has stopped reading.
STALL_TIMEOUT_SECONDS = 5.0


class Sender(Protocol):
    """The operation that a message belongs to; once inactive, its messages are dropped."""

    is_active: bool


class _Entry(NamedTuple):
    text: bytes
    sender: Sender | None
    result: FeedResult | None


def _ignore_overflow(_: ProtocolError) -> None:
    """Ignore an overflow of a closed queue."""


class SendQueue:
    """Takes messages without waiting: sends them at once, or queues them while the client takes no more.

    A client that exceeds MAX_MESSAGES or MAX_BYTES, or stalls, is closed through `on_overflow`. Where the messages are
    too few to fill the buffers, the kernel ends its connection (unread_time.py). Queued results are sent
    only after `wait_until_fresh`: while the change stream is silent, a loss of access may not be known.
    """

    __slots__ = (
        "__weakref__",
        "_bytes",
        "_drain_task",
        "_entries",
        "_is_closed",
        "_metrics",
        "_on_overflow",
        "_wait_until_fresh",
        "_writer",
        "access",
    )

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
        limit_unread_time(writer)
        self._entries: deque[_Entry] = deque()
        self._bytes = 0
        self._is_closed = False
        self._drain_task: asyncio.Task[None] | None = None
        # Set when the client is authenticated.
        self.access: AdministratorAccess | None = None

    def put(self, text: bytes, sender: Sender | None = None, result: FeedResult | None = None) -> None:
        """Send a message, or queue it; `result` is the feed's result in it, if any.

        It is dropped where, at the time of sending, its sender is inactive or the viewer may no longer see it.
        """
        if self._is_closed:
            return
        # No message is empty.
        if not self._bytes:
            if not self._may_send(sender, result):
                self._metrics.dropped += 1
                return
            if self._writer.write(text):
                self._metrics.delivered += result is not None
                return
        self._queue(_Entry(text, sender, result))

    def put_first(self, text: bytes) -> None:
        """Send a message of no operation before all queued ones, where the client takes it; else queue it."""
        if not self._is_closed and not self._writer.write(text):
            self._queue(_Entry(text, None, None))

    def close(self) -> None:
        """Discard the queue; ignore later messages."""
        self._is_closed = True
        self._clear()
        # A method of the owner of this queue: break the reference cycle.
        self._on_overflow = _ignore_overflow
        if self._drain_task is not None:
            self._drain_task.cancel()

    async def wait_until_sent(self) -> None:
        """Wait until the queue is empty and the writer has sent its messages, or the client is gone."""
        while self._drain_task is not None and not self._drain_task.done():
            await asyncio.wait({self._drain_task})
        try:
            async with asyncio.timeout(STALL_TIMEOUT_SECONDS):
                await self._writer.wait_until_sent()
        except TimeoutError:
            self._overflow()

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
        self._metrics.queue_closures += 1
        self._clear()
        self._on_overflow(ProtocolError(CloseCode.TOO_SLOW, "You do not keep up: resume from your cursor."))

    def _clear(self) -> None:
        self._metrics.queued -= len(self._entries)
        self._metrics.dropped += len(self._entries)
        self._entries.clear()
        self._bytes = 0

    async def _drain(self) -> None:
        """Send the queued messages; the next message after the last of them starts a new task."""
        try:
            await self._send_entries()
        finally:
            # Not in the callback: it runs later, and a message put in between would wait for the next one.
            self._drain_task = None

    async def _send_entries(self) -> None:
        """Send the queued messages in order, as the client takes them."""
        while self._entries:
            try:
                async with asyncio.timeout(STALL_TIMEOUT_SECONDS):
                    is_connected = await self._writer.wait_until_writable()
            except TimeoutError:
                self._overflow()
                return
            if not is_connected:
                self._clear()
                return
            if self._entries[0].result is not None:
                await self._wait_until_fresh()
            self._send_next()

    def _send_next(self) -> None:
        """Send or drop the first entry; no await between the check of access and the write."""
        text, sender, result = self._entries[0]
        is_allowed = self._may_send(sender, result)
        if is_allowed and not self._writer.write(text):
            return
        self._entries.popleft()
        self._bytes -= len(text)
        self._metrics.queued -= 1
        if not is_allowed:
            self._metrics.dropped += 1
        elif result is not None:
            self._metrics.delivered += 1

    def _clear_drain_task(self, task: "asyncio.Task[None]") -> None:
        # A task that is cancelled before its first step is cleared here.
        if self._drain_task is task:
            self._drain_task = None

    def _may_send(self, sender: Sender | None, result: FeedResult | None) -> bool:
        if sender is not None and not sender.is_active:
            return False
        if result is None or result.access_grant is None or result.position is None:
            return True
        return self.access is not None and self.access.allows(result.access_grant, result.position, utc_now())
