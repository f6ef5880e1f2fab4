"""Connection output: how finished messages reach one client.

Two implementations: the server that `serve` starts offers one of its own (socket_transport.py), which writes past ASGI;
under any other ASGI server, `AsgiWriter` sends ASGI messages. docs/decisions/0017 has the measured difference.
"""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Protocol, runtime_checkable

from starlette.types import Message, Send
from starlette.websockets import WebSocketDisconnect

# The name of the writer in a scope's `extensions`.
WRITER_EXTENSION = "partnerhub.writer"


class FrameWriter(Protocol):
    """Connection output: writes finished messages to one client."""

    def write(self, text: bytes) -> bool:
        """Send the message now; return False where the client takes no more at the moment, or is gone."""

    async def wait_until_writable(self) -> bool:
        """Wait until the client takes more; return False where it is gone."""

    async def wait_until_sent(self) -> None:
        """Wait until the messages that were written no longer use the ASGI `send`."""

    def abort(self) -> None:
        """Close the connection now, whatever is still unsent."""


@runtime_checkable
class _SocketWriter(Protocol):
    def accept_large_messages(self) -> None: ...


@runtime_checkable
class _TcpWriter(Protocol):
    def limit_unread_time(self) -> None: ...


class AsgiWriter:
    """A FrameWriter for any ASGI server: one message at a time, the next when the server has taken the last.

    ASGI cannot close a connection without its client's cooperation: `abort` stops sending, and the server's own
    timeouts close the connection.
    """

    def __init__(self, send: Send, to_message: Callable[[bytes], Message]) -> None:
        self._send, self._to_message = send, to_message
        self._sending: asyncio.Task[None] | None = None
        self._is_open = True

    def write(self, text: bytes) -> bool:
        if not self._is_open or self._sending is not None:
            return False
        self._sending = asyncio.create_task(self._send_message(text), name="asgi send")
        return True

    async def wait_until_writable(self) -> bool:
        if self._sending is not None:
            await asyncio.wait({self._sending})
        return self._is_open

    async def wait_until_sent(self) -> None:
        # More than once: another waiting task may write the next message first.
        while self._sending is not None and not self._sending.done():
            await asyncio.wait({self._sending})

    def abort(self) -> None:
        self._is_open = False
        if self._sending is not None:
            self._sending.cancel()

    async def _send_message(self, text: bytes) -> None:
        try:
            await self._send(self._to_message(text))
        except (OSError, RuntimeError, WebSocketDisconnect):
            # Servers report a closed connection in one of these ways.
            self._is_open = False
        finally:
            self._sending = None


def frame_writer(scope: MutableMapping[str, Any], send: Send) -> FrameWriter:
    """Return the server's own writer of a connection; an AsgiWriter where the server has none."""
    extensions: Mapping[str, Any] = scope.get("extensions") or {}
    writer: FrameWriter | None = extensions.get(WRITER_EXTENSION)
    if writer is not None:
        return writer
    return AsgiWriter(send, _socket_message if scope["type"] == "websocket" else _body_message)


def accept_large_messages(writer: FrameWriter) -> None:
    """Let the client of a socket, which is authenticated now, send messages of the full size.

    Any other server than ours has one limit for all messages.
    """
    if isinstance(writer, _SocketWriter):
        writer.accept_large_messages()


def limit_unread_time(writer: FrameWriter) -> None:
    """Let the kernel end the connection of a client that reads nothing; other servers than ours do not offer it."""
    if isinstance(writer, _TcpWriter):
        writer.limit_unread_time()


def abort_later(writer: FrameWriter, seconds: float) -> Callable[[], None]:
    """Abort the connection after some seconds; the returned function cancels that."""
    return asyncio.get_running_loop().call_later(seconds, writer.abort).cancel


def _socket_message(text: bytes) -> Message:
    return {"type": "websocket.send", "text": text.decode()}


def _body_message(text: bytes) -> Message:
    return {"type": "http.response.body", "body": text, "more_body": True}
