"""uvicorn's protocols with what ASGI lacks: pings of ours, and a way to cut off a client that is gone.

Pinned to uvicorn's version: closing its transport waits until all that was written is read, so that somebody
who has vanished, or never reads, would be kept for good. Only `transport.abort()` ends that.
"""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
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


class RequestTransport(HttpToolsProtocol):
    """Give it to uvicorn as `http`: a response that streams for hours can be cut off like a socket."""

    def on_message_begin(self) -> None:
        """A request begins; the application finds the way to cut its connection off in the scope."""
        super().on_message_begin()
        extensions: Any = {_ABORT: self.transport.abort}
        self.scope["extensions"] = extensions


def abort_later(scope: MutableMapping[str, Any], seconds: float) -> Callable[[], None]:
    """Cuts the connection off after so long, unless it is closed by then; the answer takes that back."""
    abort: Callable[[], None] | None = scope.get("extensions", {}).get(_ABORT)
    if abort is None:
        return lambda: None
    return asyncio.get_running_loop().call_later(seconds, abort).cancel


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
