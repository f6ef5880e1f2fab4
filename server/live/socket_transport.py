"""uvicorn's websocket protocol, extended by what ASGI lacks: frames written directly, pings of our own, and abort().

uvicorn is pinned, because this module uses its internals. Sending an ASGI message costs several times as much as
writing its bytes, and a feed sends the same bytes to thousands of sockets. Closing a transport waits until everything
written is read; a client that is gone, or never reads, would be kept for good. Only `transport.abort()` ends that.
"""

from asyncio import BaseTransport, TimerHandle
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import OPEN

from server.limits.unfinished_bytes import FREE_BYTES, UnfinishedPart, unfinished_messages
from server.live import unread_time
from server.live.begins import SOCKET_BEGINS, begins
from server.live.frame_writer import WRITER_EXTENSION
from server.live.turn_writes import turn_writes

# Flush at the size at which a transport asks its writer to wait.
_MAX_BUFFERED_BYTES = 64 * 1024
# A frame costs 3 µs, also an empty one.
DEFAULT_MAX_FRAMES = 1_000
_PIECE_BYTES = 4096
# The server keeps the parts of a message until it is complete. Nobody but connection_init needs to send one before.
FIRST_MESSAGE_BYTES = 16 * 1024
# For all of a message beyond its first bytes.
_MESSAGE_SECONDS = 10.0
_BAD_HANDSHAKE = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class SocketTransport(WebSocketsSansIOProtocol):
    """The websocket protocol for uvicorn's option `ws`, and the FrameWriter of its socket.

    It sets the interval of its pings itself; uvicorn's settings do not apply.
    """

    # A client that is gone is detected after at most two intervals.
    ping_seconds = 15.0
    # What each message needs: the dictionary of the attributes is larger than the processor's caches with thousands of
    # sockets, and each look-up in it waits for the memory.
    __slots__ = ("_buffered_bytes", "_frames", "_is_paused", "_output", "_protocol", "_turn_writes")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ping_interval = self.ping_timeout = self.ping_seconds
        # Set by the HTTP protocol that hands the connection over; called when it is closed.
        self.on_lost: Callable[[], None] | None = None
        self.report_limit: Callable[[str, str | None], None] = _report_nothing
        self.max_frames = DEFAULT_MAX_FRAMES
        self._second_began, self._frames_of_second = 0.0, 0
        self._message_bytes = 0
        self._message_timer: TimerHandle | None = None
        self._message = UnfinishedPart(unfinished_messages)
        # Headers and texts by turns.
        self._frames: list[bytes] = []
        self._turn_writes = turn_writes(self.loop)
        self._buffered_bytes = 0
        # Also once the connection is lost.
        self._is_paused = False
        self._output: Any = None
        self._protocol = self.conn
        self.conn.max_message_size = FIRST_MESSAGE_BYTES

    def connection_made(self, transport: BaseTransport) -> None:
        """Keep the transport where a message finds it quickly."""
        super().connection_made(transport)
        self._output = self.transport

    def pause_writing(self) -> None:
        """Take no more messages."""
        self._is_paused = True
        super().pause_writing()

    def resume_writing(self) -> None:
        """Take messages again."""
        self._is_paused = False
        super().resume_writing()

    def limit_unread_time(self) -> None:
        """Let the kernel end the connection of a client that reads nothing."""
        unread_time.limit_unread_time(self.transport)

    def accept_large_messages(self) -> None:
        """Accept messages of the configured size from now on."""
        self.conn.max_message_size = self.config.ws_max_size

    async def run_asgi(self) -> None:
        """Serve the socket; the application finds its writer in the scope."""
        await begins().wait(SOCKET_BEGINS)
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[WRITER_EXTENSION] = self
        try:
            await super().run_asgi()
        finally:
            # Break the reference cycle: the garbage collector runs rarely here.
            del extensions[WRITER_EXTENSION]

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end of the connection."""
        if isinstance(exc, TimeoutError):
            self.report_limit(unread_time.UNREAD_LIMIT, self.client[0] if self.client else None)
        if self.on_lost is not None:
            self.on_lost()
            self.on_lost = None
        self._stop_message_timer()
        self._message.resize(0)
        self._is_paused = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read frames, piece by piece: a flood of small ones is noticed before they are all read."""
        for start in range(0, len(data), _PIECE_BYTES):
            self._receive(data[start : start + _PIECE_BYTES])
            if self.transport.is_closing():
                return

    def _receive(self, data: bytes) -> None:
        self.conn.receive_data(data)
        if self.conn.handshake_exc is not None:
            # uvicorn would send nothing here.
            self.transport.write(b"".join(self.conn.data_to_send()) or _BAD_HANDSHAKE)
            self.transport.close()
        elif self.conn.parser_exc is not None:
            self._end_after_failure()
        elif self._has_too_many_frames(len(self.conn.events)):
            self._fail("frames", 1008, "too many frames")
        else:
            self.handle_events()
            self._check_unfinished_message(len(data))

    def _check_unfinished_message(self, received: int) -> None:
        """Close the connection where the unfinished messages of all sockets take too much memory, or for too long."""
        self._message_bytes = self._message_bytes + received if self.frames else len(self.conn.reader.buffer)
        has_room = self._message.resize(self._message_bytes)
        if self._message_bytes <= FREE_BYTES:
            self._stop_message_timer()
        elif not has_room:
            self._fail("unfinished_messages", 1013, "too many unfinished messages")
        elif self._message_timer is None:
            slow = ("message_seconds", 1008, "a message did not arrive in time")
            self._message_timer = self.loop.call_later(_MESSAGE_SECONDS, self._fail, *slow)

    def _stop_message_timer(self) -> None:
        if self._message_timer is not None:
            self._message_timer.cancel()
            self._message_timer = None

    def _fail(self, limit: str, code: int, reason: str) -> None:
        """Close the connection at a limit."""
        self._stop_message_timer()
        if not self.transport.is_closing():
            self.report_limit(limit, self.client[0] if self.client else None)
            self.conn.fail(code, reason)
            self._end_after_failure()

    def _end_after_failure(self) -> None:
        """Send the close frame of a failure; abort where frames came before the handshake was answered."""
        if self.conn.close_sent is None:
            # The application can no longer accept it.
            self.disconnected = self.handshake_complete = True
            self.abort()
        else:
            self.handle_parser_exception()

    def _has_too_many_frames(self, received: int) -> bool:
        """Count received frames; return whether there are too many in this second."""
        if received and self.loop.time() - self._second_began >= 1:
            self._second_began, self._frames_of_second = self.loop.time(), 0
        self._frames_of_second += received
        return self._frames_of_second > self.max_frames

    def write(self, text: bytes) -> bool:
        """Send UTF-8 as one text message, with all other messages of this turn of the event loop.

        uvloop makes one system call per write, which would be most of a message's cost. Where a close has begun,
        `flush` drops the message: to ask for it here would read memory of each socket that is in no cache.
        """
        if self._is_paused:
            return False
        frames, length = self._frames, len(text)
        if not frames:
            self._turn_writes.add(self)
        frames.append(_frame_header(length))
        frames.append(text)
        self._buffered_bytes += length
        if self._buffered_bytes > _MAX_BUFFERED_BYTES:
            self.flush()
        return True

    async def wait_until_writable(self) -> bool:
        """Wait until more can be written; return False where the socket is closed."""
        await self.writable.wait()
        return self._is_open()

    async def wait_until_sent(self) -> None:
        """Return at once: frames are written to the transport before any later ASGI message."""

    def abort(self) -> None:
        """Close the connection now, whatever is still unsent."""
        self._is_paused = True
        self.transport.abort()

    async def send(self, message: Any) -> None:
        """Send an ASGI message after the frames written before it."""
        self.flush()
        await super().send(message)

    def shutdown(self) -> None:
        """Send the frames written so far before the close frame of a stopping server."""
        self.flush()
        super().shutdown()

    def flush(self) -> None:
        """Write the frames of this turn now."""
        frames = self._frames
        if frames:
            output = b"".join(frames)
            frames.clear()
            self._buffered_bytes = 0
            if self._is_open():
                self._output.write(output)

    def handle_ping(self) -> None:
        """Answer a ping, unless earlier output is unread: the answers to a flood of pings would fill the memory.

        RFC 6455 allows to answer only the latest one.
        """
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def keepalive_timeout(self) -> None:
        """Abort the connection: a client that answered no ping will not read what was written."""
        super().keepalive_timeout()
        self.abort()

    def send_receive_event_to_app(self) -> None:
        """Fail the connection where text is not UTF-8, as RFC 6455 requires; uvicorn would log a traceback too."""
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.conn.fail(1007, "invalid UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def _is_open(self) -> bool:
        # uvicorn's `close_sent` says no more: it is set where the connection has not been opened, or no longer is.
        return self._protocol.state is OPEN and not self._output.is_closing()


def _report_nothing(_limit: str, _address: str | None) -> None:
    """Stand for a server without limits on connections."""


# The messages of a feed have few different lengths.
@lru_cache(4096)
def _frame_header(length: int) -> bytes:
    """Return what precedes a text message in one frame of RFC 6455: unmasked, uncompressed, not fragmented."""
    if length < 126:
        return b"\x81%c" % length
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
