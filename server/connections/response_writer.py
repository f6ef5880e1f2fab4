"""The FrameWriter of a streaming response: chunks are written to the transport, past ASGI."""

from weakref import ref

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class ResponseWriter:
    """Writes to the body of a chunked response that has begun: one chunk for each message."""

    def __init__(self, protocol: HttpToolsProtocol, cycle: RequestResponseCycle) -> None:
        # The cycle's scope refers to this writer: a weak reference avoids a reference cycle.
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

    async def wait_until_sent(self) -> None:
        """Return at once: chunks are written to the transport before any later ASGI message."""

    def abort(self) -> None:
        self._protocol.transport.abort()

    def _is_open(self) -> bool:
        cycle = self._cycle()
        if cycle is None or cycle.disconnected or cycle.response_complete:
            return False
        return bool(cycle.chunked_encoding) and not self._protocol.transport.is_closing()
