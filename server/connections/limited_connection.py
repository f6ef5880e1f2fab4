"""A connection of uvicorn's HTTP protocol: its admission, its refusal, and how it is closed.

uvicorn is pinned, because this module and request_transport.py use its internals.
"""

from asyncio import BaseTransport, TimerHandle, Transport
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server.connections.limit_log import limit_log
from server.connections.refusals import RequestRefused
from server.connections.registry import Admission
from server.connections.server_config import ServerConfig
from server.live.unread_time import UNREAD_LIMIT

# A body that is slower, or a client that reads more slowly, has stopped for the purposes of a timeout.
MIN_PROGRESS_BYTES = 1024
_MIN_READ_BYTES = 16 * 1024
# After a refusal, what the client still sends is discarded: closing at once would destroy the response on its way.
_LINGER_SECONDS = 2.0
_FLUSH_SECONDS = 5.0


class LimitedConnection(HttpToolsProtocol):
    """Counts its connection and its clients, and ends both the slow and the unwanted ones."""

    def __init__(self, config: ServerConfig, *arguments: Any, **options: Any) -> None:
        super().__init__(config, *arguments, **options)
        self._proxies, self._limits = config.registry.proxies, config.registry.limits
        self._registry = config.registry
        self._admission: Admission | None = None
        self._is_from_proxy = False
        # The request that is being answered; `cycle` is the last one, which may wait for it.
        self._running: RequestResponseCycle | None = None
        self._is_refusing = False
        self._timer: TimerHandle | None = None
        self._reader_timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Admit the connection, or answer 503 or 429 and close it."""
        super().connection_made(cast(Transport, transport))
        self._is_from_proxy = self._proxies.trusts(self._address)
        try:
            is_for_metrics = self.server is not None and self.server[1] == self._registry.metrics_port
            self._admission = self._registry.admit(self._address, is_for_metrics=is_for_metrics)
        except RequestRefused as refused:
            self._is_refusing = True
            limit_log.report(refused.limit, self._address)
            self.transport.write(refused.response(self.server_state.default_headers))
            self._close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release what belongs to the connection."""
        if isinstance(exc, TimeoutError):
            limit_log.report(UNREAD_LIMIT, self._address)
        self._stop_timers()
        if self._admission is not None:
            self._admission.release()
        if self._running is not None:
            # uvicorn tells the last request alone: an earlier one would write to a closed transport.
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)
        self._running = None

    @property
    def _address(self) -> str | None:
        return self.client[0] if self.client else None

    @property
    def _is_responding(self) -> bool:
        return self._running is not None and not self._running.response_complete

    # ── Clients of a proxy ──

    def _read_client(self) -> None:
        """Put the client and the scheme that a trusted proxy reports into the scope of the request."""
        forwarded = self._proxies.forwarded_client(self.headers) if self._is_from_proxy else None
        if forwarded is not None:
            self.scope["client"] = (forwarded.address, 0)
            self.scope["scheme"] = forwarded.scheme or self.scope["scheme"]

    def _count_client(self, client: tuple[str, int] | None) -> None:
        """Count the connection for the client of its request; raise RequestRefused where it has too many."""
        if self._is_from_proxy and client is not None and client != self.client and self._admission is not None:
            self._admission.count_for(client[0])

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Run the application for a request."""
        self._running = cycle
        try:
            self._count_client(cycle.scope["client"])
        except RequestRefused as refused:
            limit_log.report(refused.limit, cycle.scope["client"][0] if cycle.scope["client"] else None)
            app = _too_many_connections
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Begin to answer the next request, or wait for it."""
        if self._is_from_proxy and self._admission is not None:
            self._admission.stop_counting_address()
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()

    # ── Clients that do not read ──

    def pause_writing(self) -> None:
        """Watch a client that does not read what was written."""
        super().pause_writing()
        self._watch_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Stop watching: the client has read most of it."""
        super().resume_writing()
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None

    def _watch_reader(self, unread_bytes: int) -> None:
        self._reader_timer = self.loop.call_later(self._limits.send_seconds, self._check_reader, unread_bytes)

    def _check_reader(self, unread_bytes_before: int) -> None:
        unread_bytes = self.transport.get_write_buffer_size()
        if unread_bytes_before - unread_bytes < _MIN_READ_BYTES:
            limit_log.report("send_seconds", self._address)
            self.transport.abort()
        else:
            self._watch_reader(unread_bytes)

    # ── The end ──

    def _refuse(self, refused: RequestRefused, *, can_answer: bool) -> None:
        """Answer with the refusal where the client can understand it, discard what it still sends, and close."""
        if self._is_refusing or self.transport.is_closing():
            return
        self._is_refusing = True
        limit_log.report(refused.limit, self._address)
        self._stop_timers()
        self.pipeline.clear()
        if self._running is not None and self._is_responding:
            self._running.disconnected = True
            self._running.message_event.set()
        if not can_answer:
            self._close()
            return
        self.transport.write(refused.response(self.server_state.default_headers))
        self.transport.write_eof()
        self.flow.resume_reading()
        self._timer = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which no further request began."""
        if not self.transport.is_closing():
            self._close()

    def _close(self) -> None:
        """Close the connection when the client has read everything, at the latest after some seconds."""
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self.loop.call_later(_FLUSH_SECONDS, self.transport.abort)

    def _stop_timers(self) -> None:
        self._unset_keepalive_if_required()
        for timer in (self._timer, self._reader_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._reader_timer = None


async def _too_many_connections(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer 429 on the connection of a proxy, which stays open for other clients."""
    headers = [(b"content-length", b"0"), (b"retry-after", b"10")]
    await send({"type": "http.response.start", "status": HTTPStatus.TOO_MANY_REQUESTS, "headers": headers})
    await send({"type": "http.response.body"})
