"""The bytes of an import: read from files or standard input, decompressed where they are gzip."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO

CHUNK_BYTES = 65_536
_GZIP = zlib.MAX_WBITS | 16


class BrokenGzip(ValueError):
    """Data that is not gzip, is damaged, or ends early."""


async def read_chunks(file: BinaryIO, on_read: Callable[[int], None]) -> AsyncIterator[bytes]:
    """Yield the bytes of a file, read outside the event loop; `on_read` gets the size of each chunk."""
    while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
        on_read(len(chunk))
        yield chunk


async def gunzip(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the decompressed bytes of one or more gzip members, at most 64 kB at a time."""
    unzip, is_fresh, has_ended = zlib.decompressobj(_GZIP), True, False
    async for chunk in chunks:
        packed = _strip_padding(chunk) if is_fresh and has_ended else chunk
        while packed:
            try:
                yield unzip.decompress(packed, CHUNK_BYTES)
            except zlib.error as error:
                raise BrokenGzip(f"This is not gzip, or damaged: {error}.") from None
            is_fresh, packed = False, unzip.unconsumed_tail
            if unzip.eof:
                has_ended = True
                packed, unzip, is_fresh = _strip_padding(unzip.unused_data), zlib.decompressobj(_GZIP), True
    if not (is_fresh and has_ended):
        rest = unzip.flush()
        if not unzip.eof:
            raise BrokenGzip("The gzip stream ends early.")
        yield rest


def _strip_padding(data: bytes) -> bytes:
    """Remove the zeros that tapes and block devices add after a member."""
    return data.lstrip(b"\0")
