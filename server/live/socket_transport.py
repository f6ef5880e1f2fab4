"""uvicorn's protocols with what ASGI lacks: finished frames straight to the transport, pings of ours, a way to cut off.

Pinned to uvicorn's version. An ASGI message costs several times what its bytes do, and a feed says the same to
thousands. Closing a transport waits until all that was written is read, so that somebody who has vanished, or
never reads, would be kept for good: only `transport.abort()` ends that.
"""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any, Protocol
from weakref import ref

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import OPEN

_WRITER = "partnerhub.writer"
# No more is held for the end of the loop's turn than what a transport takes before it asks to wait.
_MAX_BUFFERED_BYTES = 64 * 1024


class FrameWriter(Protocol):
    """The way to one client, past ASGI."""

    def write(self, text: bytes) -> bool:
        """Sends it at once; False where the client does not take more at the moment, or is gone."""

    async def wait_until_writable(self) -> bool:
        """Returns once more can be written; False where the client is gone."""

    def abort(self) -> None:
        """Cuts the connection off."""


class SocketTransport(WebSocketsSansIOProtocol):
    """Give it to uvicorn as `ws`: its pings are its own, whatever uvicorn's settings say. It is its socket's writer."""

    # One who has vanished is gone after two of these.
    ping_seconds = 15.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ping_interval = self.ping_timeout = self.ping_seconds
        self._frames: list[bytes] = []
        self._buffered_bytes = 0

    async def run_asgi(self) -> None:
        """Serves the socket; the application finds its writer in the scope."""
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[_WRITER] = self
        try:
            await super().run_asgi()
        finally:
            # Else the two would keep each other until the collector comes, which is seldom.
            del extensions[_WRITER]

    def write(self, text: bytes) -> bool:
        """Sends UTF-8 as one text message, together with all others of this turn of the loop.

        One system call for each would be most of what a message costs: uvloop makes one for each write.
        """
        if not self.writable.is_set() or not self._is_open():
            return False
        if not self._frames:
            self.loop.call_soon(self._flush)
        self._frames.append(_text_frame(text))
        self._buffered_bytes += len(text)
        if self._buffered_bytes > _MAX_BUFFERED_BYTES:
            self._flush()
        return True

    async def wait_until_writable(self) -> bool:
        """Returns once more can be written; False where the socket is closed."""
        await self.writable.wait()
        return self._is_open()

    def abort(self) -> None:
        """Cuts the connection off."""
        self.transport.abort()

    async def send(self, message: Any) -> None:
        """What goes by ASGI goes behind what was written."""
        self._flush()
        await super().send(message)

    def shutdown(self) -> None:
        """The server stops: what was written goes before the goodbye."""
        self._flush()
        super().shutdown()

    def _flush(self) -> None:
        frames, self._frames, self._buffered_bytes = self._frames, [], 0
        if frames and self._is_open():
            self.transport.write(b"".join(frames))

    def keepalive_timeout(self) -> None:
        """The peer answered no ping: it is gone, and what was written to it will never be read."""
        super().keepalive_timeout()
        self.abort()

    def send_receive_event_to_app(self) -> None:
        """Text that is not UTF-8 fails the connection, as RFC 6455 demands; uvicorn would also log a traceback."""
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.conn.fail(1007, "invalid UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def _is_open(self) -> bool:
        return not self.close_sent and self.conn.state is OPEN and not self.transport.is_closing()


class RequestTransport(HttpToolsProtocol):
    """Give it to uvicorn as `http`: a response that streams for hours can be written to and cut off like a socket."""

    def on_headers_complete(self) -> None:
        """A request begins; the application finds the writer of its response in the scope."""
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            wires: Any = {_WRITER: _ResponseWriter(self, self.cycle)}
            self.cycle.scope["extensions"] = wires

    def handle_websocket_upgrade(self) -> None:
        """The socket is another protocol's now; the parser and this one know each other, as where a client leaves."""
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]


class _ResponseWriter:
    """A response without a length, once it has begun: each text is a chunk of its body."""

    def __init__(self, protocol: HttpToolsProtocol, cycle: RequestResponseCycle) -> None:
        # The cycle has it in its scope: each would keep the other until the collector comes, which is seldom.
        self._protocol, self._cycle = protocol, ref(cycle)

    def write(self, text: bytes) -> bool:
        protocol = self._protocol
        if protocol.flow.write_paused or not self._is_open():
            return False
        protocol.transport.write(b"%x\r\n%b\r\n" % (len(text), text))
        return True

    async def wait_until_writable(self) -> bool:
        await self._protocol.flow.drain()
        return self._is_open()

    def abort(self) -> None:
        self._protocol.transport.abort()

    def _is_open(self) -> bool:
        cycle = self._cycle()
        if cycle is None or cycle.disconnected or cycle.response_complete:
            return False
        return bool(cycle.chunked_encoding) and not self._protocol.transport.is_closing()


def frame_writer_of(scope: MutableMapping[str, Any]) -> FrameWriter:
    """The writer of a request; KeyError where the server is not the one that `serve` starts."""
    writer: FrameWriter = scope["extensions"][_WRITER]
    return writer


def abort_later(writer: FrameWriter, seconds: float) -> Callable[[], None]:
    """Cuts the connection off after so long, unless it is closed by then; the answer takes that back."""
    return asyncio.get_running_loop().call_later(seconds, writer.abort).cancel


def _text_frame(text: bytes) -> bytes:
    """A whole text message as RFC 6455 frames it: unmasked, uncompressed, in one piece."""
    length = len(text)
    if length < 126:
        return b"\x81%c%b" % (length, text)
    if length < 65536:
        return b"\x81\x7e%b%b" % (length.to_bytes(2, "big"), text)
    return b"\x81\x7f%b%b" % (length.to_bytes(8, "big"), text)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
