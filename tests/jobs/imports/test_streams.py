"""What gzip has packed: members one behind the other, padding behind them, and what is damaged."""

import gzip
from time import thread_time

import pytest

from jobs.imports.pacing import split_pieces
from jobs.imports.streams import BrokenGzip, gunzip
from tests.jobs.imports.factory_imports import chunks_of
from tests.machine_speed import is_below

PACKED = gzip.compress(b"first\n", mtime=0) + gzip.compress(b"second\n", mtime=0)


async def unpacked(packed: bytes, size: int = 7) -> bytes:
    return b"".join([chunk async for chunk in gunzip(chunks_of(packed, size))])


@pytest.mark.parametrize("size", [1, 7, 65_536])
@pytest.mark.parametrize("padding", [b"", b"\0", bytes(512)])
async def test_reads_several_members_with_padding(size: int, padding: bytes) -> None:
    assert await unpacked(PACKED + padding, size) == b"first\nsecond\n"


@pytest.mark.parametrize("size", [1, 65_536])
@pytest.mark.parametrize(
    "packed",
    [b"", PACKED[:-1], PACKED[:3], PACKED + b"\0\0x", bytes(512)],
    ids=["empty", "cut short", "cut in the header", "more than padding", "only padding"],
)
async def test_truncated_data_and_data_that_is_not_gzip_is_an_error(packed: bytes, size: int) -> None:
    with pytest.raises(BrokenGzip):
        await unpacked(packed, size)


async def test_empty_data_stays_empty() -> None:
    assert await unpacked(gzip.compress(b"")) == b""


async def test_members_without_content_are_steps_too() -> None:
    packed, longest, steps = gzip.compress(b"", mtime=0) * 20_000, 0.0, 0
    begun = thread_time()
    async for chunk in gunzip(chunks_of(packed, len(packed))):
        # An import pauses at each piece, also at an empty one.
        assert list(split_pieces(chunk)) == [b""]
        longest, begun, steps = max(longest, thread_time() - begun), thread_time(), steps + 1
    assert steps >= 20_000
    # Measured: 0.1 ms. All of them take 0.3 s.
    assert is_below(longest, 0.02)


async def test_the_number_of_members_can_be_limited() -> None:
    async def unpack(members: int) -> bytes:
        packed = gzip.compress(b"a", mtime=0) * members
        return b"".join([chunk async for chunk in gunzip(chunks_of(packed, 1000), max_members=3)])

    assert await unpack(3) == b"aaa"
    with pytest.raises(BrokenGzip, match="more than 3 members"):
        await unpack(4)
