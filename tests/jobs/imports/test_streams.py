"""What gzip has packed: members one behind the other, padding behind them, and what is damaged."""

import gzip

import pytest

from jobs.imports.streams import BrokenGzip, gunzip
from tests.jobs.imports.factory_imports import chunks_of

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
