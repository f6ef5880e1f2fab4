"""The body of an import as it arrives: its encoding, its unpacked size and the time without data are limited."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request

from jobs.imports.streams import gunzip
from server.app.settings import Settings

# Exports of records shrink to a tenth or a fiftieth; only data that is made for it shrinks further than this.
MAX_COMPRESSION_RATIO = 200
# A record, or a blank line, costs processor time even where thousands of them are packed into some bytes.
MIN_PACKED_BYTES_OF_A_LINE, _MIN_LIMITED_LINES = 2, 1_000
# Short bodies of repetitive records may shrink further.
_MIN_LIMITED_BYTES = 1 << 20
_ENCODINGS = {"identity": False, "gzip": True, "x-gzip": True}


class ImportHttpError(Exception):
    """A request that is rejected: a status, a code and a message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class ImportBody:
    """The chunks of a request's body, unpacked; each limit raises ImportHttpError."""

    def __init__(self, request: Request, settings: Settings) -> None:
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in _ENCODINGS:
            raise ImportHttpError(415, "BAD_USER_INPUT", "Send the lines as they are, or with Content-Encoding: gzip.")
        self._request, self._is_packed = request, _ENCODINGS[encoding]
        self._idle_seconds = settings.import_idle_seconds
        self._max_bytes = settings.import_megabytes * 1_000_000
        self._received = self._unpacked = self._line_ends = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the unpacked chunks, of 64 kB at most where the body is packed."""
        received = self._receive()
        async for chunk in gunzip(received) if self._is_packed else received:
            self._unpacked += len(chunk)
            self._line_ends += max(chunk.count(b"\n"), chunk.count(b"\r"))
            self._check_size()
            self.check_lines(self._line_ends)
            yield chunk

    def check_lines(self, lines: int) -> None:
        """Raise ImportHttpError where a packed body has more lines, or records, than its size allows."""
        if self._is_packed and lines > _MIN_LIMITED_LINES + self._received // MIN_PACKED_BYTES_OF_A_LINE:
            message = f"The lines of a packed body may not shrink to less than {MIN_PACKED_BYTES_OF_A_LINE} bytes each"
            raise ImportHttpError(413, "BAD_USER_INPUT", f"{message}, blank ones included: send it unpacked.")

    async def _receive(self) -> AsyncIterator[bytes]:
        stream = self._request.stream()
        while True:
            try:
                # Only the wait for the client counts, not the time in which records are written.
                async with asyncio.timeout(self._idle_seconds):
                    chunk = await anext(stream, None)
            except TimeoutError:
                message = f"Nothing of the body arrived for {self._idle_seconds:g} seconds."
                raise ImportHttpError(408, "TIMEOUT", message) from None
            if chunk is None:
                return
            self._received += len(chunk)
            self._check_bytes(self._received)
            yield chunk

    def _check_bytes(self, number: int) -> None:
        if number > self._max_bytes:
            message = f"An import has at most {self._max_bytes // 1_000_000:,} MB, also when it is unpacked: divide it."
            raise ImportHttpError(413, "BAD_USER_INPUT", message)

    def _check_size(self) -> None:
        self._check_bytes(self._unpacked)
        if self._unpacked > max(_MIN_LIMITED_BYTES, MAX_COMPRESSION_RATIO * self._received):
            message = f"The body may unpack to at most {MAX_COMPRESSION_RATIO} times its size."
            raise ImportHttpError(413, "BAD_USER_INPUT", message)
