"""The body of an import as it arrives: its encoding, its unpacked size and the time without data are limited."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request

from jobs.imports.streams import gunzip
from server.app.settings import Settings

# Exports of records shrink to a tenth or a fiftieth; only data that is made for it shrinks further than this.
MAX_COMPRESSION_RATIO = 200
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
        self._received = self._unpacked = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the unpacked chunks, of 64 kB at most where the body is packed."""
        received = self._receive()
        async for chunk in gunzip(received) if self._is_packed else received:
            self._unpacked += len(chunk)
            self._check_size()
            yield chunk

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
            yield chunk

    def _check_size(self) -> None:
        if self._unpacked > self._max_bytes:
            message = f"An import has at most {self._max_bytes // 1_000_000:,} MB, also when it is unpacked: divide it."
            raise ImportHttpError(413, "BAD_USER_INPUT", message)
        if self._unpacked > max(_MIN_LIMITED_BYTES, MAX_COMPRESSION_RATIO * self._received):
            message = f"The body may unpack to at most {MAX_COMPRESSION_RATIO} times its size."
            raise ImportHttpError(413, "BAD_USER_INPUT", message)
