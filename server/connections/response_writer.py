"""A request and its response past ASGI: the body that has arrived, a whole response, or the chunks of a stream."""

from collections.abc import Mapping
from weakref import ref

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from server.connections.request_writer import RequestWriter, encode_headers
from server.live.unread_time import limit_unread_time


class ResponseWriter(RequestWriter):
    """Writes a whole response, or (as a FrameWriter) the chunks of one that has begun: one for each message."""

    def __init__(self, protocol: HttpToolsProtocol, cycle: RequestResponseCycle) -> None:
        # The cycle's scope refers to this writer: a weak reference avoids a reference cycle.
        self._protocol, self._cycle = protocol, ref(cycle)

    def take_body(self) -> bytes | None:
        """Take it from uvicorn, which then has nothing more to give."""
        cycle = self._cycle()
        if cycle is None or cycle.more_body or cycle.disconnected:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        return body

    async def respond(self, status: int, fixed: bytes, headers: Mapping[str, str], body: bytes) -> None:
        """Write a response as uvicorn would."""
        protocol, cycle = self._protocol, self._cycle()
        if protocol.flow.write_paused:
            await protocol.flow.drain()
        if cycle is None or cycle.disconnected:
            return
        last = b"content-length: %d\r\n\r\n" % len(body)
        if headers.get("Connection") == "close":
            cycle.keep_alive = False
        elif not cycle.keep_alive:
            last = b"connection: close\r\n" + last
        dates = [b"%b: %b\r\n" % header for header in cycle.default_headers]
        head = encode_headers(headers)
        cycle.response_started, cycle.waiting_for_100_continue = True, False
        cycle.transport.write(b"".join([STATUS_LINE[status], *dates, fixed, head, last, body]))
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()

    def write(self, text: bytes) -> bool:
        protocol = self._protocol
        if protocol.flow.write_paused or not self._is_open():
            return False
        protocol.transport.write(b"%x\r\n%b\r\n" % (len(text), text))
        return True

    def limit_unread_time(self) -> None:
        """Let the kernel end the connection of a client that reads nothing."""
        limit_unread_time(self._protocol.transport)

    async def wait_until_writable(self) -> bool:
        await self._protocol.flow.drain()
        return self._is_open()

    async def wait_until_sent(self) -> None:
        """Return at once: chunks are written to the transport before any later ASGI message."""

    def abort(self) -> None:
        self._protocol.transport.abort()

    def _is_open(self) -> bool:
        cycle = self._cycle()
        if cycle is None or cycle.disconnected or cycle.response_complete:
            return False
        return bool(cycle.chunked_encoding) and not self._protocol.transport.is_closing()
