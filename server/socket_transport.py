"""uvicorn's websocket protocol with what ASGI lacks: pings of ours, and a way to cut off a socket that is gone.

Pinned to uvicorn's version: closing its transport waits until all that was written is read, so that somebody
who has vanished, or never reads, would be kept for good. Only `transport.abort()` ends that.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_ABORT = "partnerhub.abort"


class SocketTransport(WebSocketsSansIOProtocol):
    """Give it to uvicorn as `ws`: its pings are its own, whatever uvicorn's settings say."""

    # One who has vanished is gone after two of these.
    ping_seconds = 15.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ping_interval = self.ping_timeout = self.ping_seconds

    async def run_asgi(self) -> None:
        """Serves the socket; the application finds the way to cut it off in the scope."""
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[_ABORT] = self._abort
        await super().run_asgi()

    def keepalive_timeout(self) -> None:
        """The peer answered no ping: it is gone, and what was written to it will never be read."""
        super().keepalive_timeout()
        self._abort()

    def send_receive_event_to_app(self) -> None:
        """Text that is not UTF-8 fails the connection, as RFC 6455 demands; uvicorn would also log a traceback."""
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.conn.fail(1007, "invalid UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def _abort(self) -> None:
        self.transport.abort()


def abort_later(websocket: WebSocket, seconds: float) -> None:
    """Cuts the socket off after so long, unless it is closed by then."""
    abort: Callable[[], None] | None = websocket.scope.get("extensions", {}).get(_ABORT)
    if abort is not None:
        asyncio.get_running_loop().call_later(seconds, abort)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
