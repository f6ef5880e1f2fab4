"""The bytes of an import: read from files or standard input, decompressed where they are gzip."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO

CHUNK_BYTES = 65_536
_PACKED_BYTES = 4096
_GZIP = zlib.MAX_WBITS | 16


class BrokenGzip(ValueError):
    """Data that is not gzip, is damaged, or ends early."""


async def read_chunks(file: BinaryIO, on_read: Callable[[int], None]) -> AsyncIterator[bytes]:
    """Yield the bytes of a file, read outside the event loop; `on_read` gets the size of each chunk."""
    while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
        on_read(len(chunk))
        yield chunk


async def gunzip(chunks: AsyncIterator[bytes], max_members: int | None = None) -> AsyncIterator[bytes]:
    """Yield the decompressed bytes of one or more gzip members, at most 64 kB at a time.

    What is yielded can be empty: 1 MB can have 50,000 members without content, between which the caller can pause.
    """
    unzip, is_fresh, ended = zlib.decompressobj(_GZIP), True, 0
    async for piece in _small_pieces(chunks):
        packed = _strip_padding(piece) if is_fresh and ended else piece
        while packed:
            if max_members is not None and ended >= max_members:
                raise BrokenGzip(f"This gzip stream has more than {max_members} members.")
            try:
                yield unzip.decompress(packed, CHUNK_BYTES)
            except zlib.error as error:
                raise BrokenGzip(f"This is not gzip, or damaged: {error}.") from None
            is_fresh, packed = False, unzip.unconsumed_tail
            if unzip.eof:
                ended += 1
                packed, unzip, is_fresh = _strip_padding(unzip.unused_data), zlib.decompressobj(_GZIP), True
    if not (is_fresh and ended):
        rest = unzip.flush()
        if not unzip.eof:
            raise BrokenGzip("The gzip stream ends early.")
        yield rest


async def _small_pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the chunks in small pieces: each member copies what is left of its piece."""
    async for chunk in chunks:
        for start in range(0, len(chunk), _PACKED_BYTES):
            yield chunk[start : start + _PACKED_BYTES]


def _strip_padding(data: bytes) -> bytes:
    """Remove the zeros that tapes and block devices add after a member."""
    return data.lstrip(b"\0")
