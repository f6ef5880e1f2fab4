"""The HTTP protocol for uvicorn's option `http`: limits on what a client sends, and on how long it takes.

uvicorn itself bounds neither the headers of a request nor the time in which they arrive. A client that exceeds a limit
is answered with 400, 408, 414, 429, 431, 501 or 503, and its connection is closed. docs/limits.md lists the limits.
"""

from asyncio import BaseTransport
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

import httptools

from server.connections.limit_log import limit_log
from server.connections.limited_connection import MIN_PROGRESS_BYTES, LimitedConnection
from server.connections.message_meter import MessageMeter
from server.connections.refusals import RequestRefused, malformed
from server.connections.request_head import check_head, head_as_http1, head_for_websocket
from server.connections.request_writer import REQUEST_WRITER_EXTENSION
from server.connections.response_writer import ResponseWriter
from server.connections.server_config import ServerConfig
from server.live.frame_writer import WRITER_EXTENSION

# The parser is fed in pieces, so that a limit is noticed soon after it is exceeded.
_PIECE_BYTES = 32 * 1024
# uvicorn stops reading at the first request that must wait; these are the requests that arrived together with it.
_MAX_WAITING_REQUESTS = 16
_IMPORTS = b"/import/"
_NOT_HTTP = "This is not valid HTTP/1.1."


class _Phase(Enum):
    """What the client is sending."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()


class RequestTransport(LimitedConnection):
    """Reads requests within the limits of its ServerConfig; a streaming response has a FrameWriter, as a socket has."""

    def __init__(self, config: ServerConfig, *arguments: Any, **options: Any) -> None:
        super().__init__(config, *arguments, **options)
        self._meter = MessageMeter(self._limits)
        self._phase = _Phase.IDLE
        # The phase that the timer limits; the first head must arrive in time even if nothing of it has arrived yet.
        self._timed_phase = _Phase.HEAD
        self._body_bytes_at_timer = 0

    def connection_made(self, transport: BaseTransport) -> None:
        """Admit the connection; its first request must come in time."""
        super().connection_made(transport)
        if not self._is_refusing:
            self._start_timer(_Phase.HEAD, self._limits.header_seconds)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; after a refusal, discard it."""
        position = 0
        while position < len(data) and not self._is_refusing:
            piece = data[position : position + _PIECE_BYTES]
            position += len(piece)
            try:
                self.parser.feed_data(piece)
                if self._phase is not _Phase.IDLE:
                    self._meter.add_fed(len(piece), is_in_body=self._phase is _Phase.BODY)
            except RequestRefused as refused:
                self._refuse_request(refused)
            except httptools.HttpParserUpgrade as upgrade:
                self._upgrade(piece[upgrade.args[0] :] + data[position:])
                return
            except httptools.HttpParserError as error:
                # What a callback raises is the context of the parser's own error.
                cause = error.__context__
                self._refuse_request(cause if isinstance(cause, RequestRefused) else malformed(_NOT_HTTP))
        if not self._is_refusing:
            self._set_timer()

    # ── The parser's callbacks ──

    def on_message_begin(self) -> None:
        """Begin a request."""
        if len(self.pipeline) >= _MAX_WAITING_REQUESTS:
            raise malformed("Too many requests were sent without waiting for their responses.")
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._phase = _Phase.HEAD
        self._meter.begin()
        if self.cycle is not None:
            # The time of a later request begins with its first byte.
            self._timed_phase = _Phase.IDLE

    def on_url(self, url: bytes) -> None:
        """Add a part of the URL."""
        self._meter.add_url(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header; drop one that stands after the body, since the application has read the headers by then."""
        if self._phase is not _Phase.HEAD:
            self._meter.add_headers([(name, value)])
            return
        # As uvicorn does: a request has many headers, and `super` doubles the time.
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))
        if len(self.headers) > self._limits.header_count:
            self._meter.add_headers(self.headers)

    def on_headers_complete(self) -> None:
        """Begin to answer; the application finds the writer of its response in the scope."""
        self._meter.add_headers(self.headers)
        if self.parser.should_upgrade():
            return
        check_head(self.parser.get_http_version(), self.headers)
        self._phase = _Phase.BODY
        self._read_client()
        super().on_headers_complete()
        writer = ResponseWriter(self, self.cycle)
        extensions: Any = {WRITER_EXTENSION: writer, REQUEST_WRITER_EXTENSION: writer}
        self.cycle.scope["extensions"] = extensions

    def on_body(self, body: bytes) -> None:
        """Add a part of the body."""
        self._meter.add_body(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        if self.parser.should_upgrade():
            return
        self._phase = _Phase.IDLE
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the rest of the request, or for the next one."""
        super().on_response_complete()
        if self._phase is not _Phase.IDLE:
            self._unset_keepalive_if_required()
        if self._phase is _Phase.BODY and not self._is_responding and not self.transport.is_closing():
            # The client may still send its body, which nobody needs: it has as long as for a head.
            self._start_timer(_Phase.BODY, self._limits.header_seconds)

    # ── Upgrades ──

    def _upgrade(self, rest: bytes) -> None:
        """Hand the connection over to the websocket protocol; ignore other upgrades, as RFC 9110 allows."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        try:
            check_head(version, self.headers)
            if method == b"CONNECT":
                raise RequestRefused(HTTPStatus.NOT_IMPLEMENTED, "malformed", "This server is not a proxy.")
            if self._should_upgrade():
                self._become_websocket(head_for_websocket(method, self.url, self.headers) + rest)
                return
        except RequestRefused as refused:
            self._refuse_request(refused)
            return
        # The parser reads what follows as another protocol: a new one reads the request without its upgrade.
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(head_as_http1(method, self.url, version, self.headers) + rest)

    def _become_websocket(self, data: bytes) -> None:
        if self._is_responding:
            raise malformed("A websocket must begin after the responses to earlier requests.")
        self._read_client()
        self._count_client(self.scope["client"])
        self._stop_timers()
        self.connections.discard(self)
        protocol: Any = self.ws_protocol_class(  # type: ignore[call-arg, misc]
            config=self.config, server_state=self.server_state, app_state=self.app_state
        )
        if self._admission is not None:
            protocol.on_lost, self._admission = self._admission.release, None
        protocol.report_limit, protocol.max_frames = limit_log.report, self._limits.frames
        protocol.connection_made(self.transport)
        protocol.client = self.scope["client"]
        self.transport.set_protocol(protocol)
        protocol.data_received(data)
        # The parser and this protocol refer to each other: break the cycle.
        self.parser = self.cycle = self._running = None  # type: ignore[assignment]

    # ── Times ──

    def _set_timer(self) -> None:
        """Limit the time of what the client is sending."""
        is_idle = self._phase is _Phase.IDLE
        if is_idle and self._running is None:
            # Only blank lines have arrived: they do not extend the time of the first head.
            return
        if is_idle and not self._is_responding and self.timeout_keep_alive_task is None:
            # The body of the last request ended after its response: now the time until the next request is limited.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        if self._phase is not self._timed_phase:
            is_head = self._phase is _Phase.HEAD
            self._start_timer(self._phase, self._limits.header_seconds if is_head else self._body_seconds)

    @property
    def _body_seconds(self) -> float:
        is_import = self.url.startswith(_IMPORTS)
        return max(self._limits.body_seconds, self._limits.import_seconds if is_import else 0)

    def _start_timer(self, phase: _Phase, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timed_phase = phase
        self._body_bytes_at_timer = self._meter.body_bytes
        if phase is not _Phase.IDLE:
            self._timer = self.loop.call_later(seconds, self._on_timeout)

    def _on_timeout(self) -> None:
        self._timer = None
        if self._phase is _Phase.HEAD:
            self._refuse_late("header_seconds", "The headers did not arrive in time.")
        elif self._phase is _Phase.IDLE or not self._is_responding:
            self._close()
        elif self.flow.read_paused or self._meter.body_bytes - self._body_bytes_at_timer >= MIN_PROGRESS_BYTES:
            self._start_timer(_Phase.BODY, self._body_seconds)
        else:
            self._refuse_late("body_seconds", "The body did not arrive in time.")

    def _refuse_late(self, limit: str, message: str) -> None:
        self._refuse_request(RequestRefused(HTTPStatus.REQUEST_TIMEOUT, limit, message))

    def _refuse_request(self, refused: RequestRefused) -> None:
        """Refuse what the client is sending; where that would not look like its answer, only close the connection."""
        running = self._running
        is_own = self._phase is _Phase.BODY and running is self.cycle
        is_unanswered = is_own and running is not None and not running.response_started
        is_next = self._phase is not _Phase.BODY and not self._is_responding
        self._refuse(refused, can_answer=is_unanswered or is_next)
