"""A request memo reads each key once, keeps failures, and survives the cancellation of a caller."""

import asyncio

import pytest

from loaders.request_memo import RequestMemo


async def test_reads_each_key_once() -> None:
    keys: list[str] = []

    async def read(key: str) -> str:
        keys.append(key)
        await asyncio.sleep(0)
        return key.upper()

    memo = RequestMemo(read)
    assert list(await asyncio.gather(*(memo.load(key) for key in "abab"))) == ["A", "B", "A", "B"]
    assert await memo.load("a") == "A"
    assert keys == ["a", "b"]


async def test_a_failure_is_raised_to_every_caller_of_its_key() -> None:
    async def read(key: int) -> float:
        return 1 / key

    memo = RequestMemo(read)
    assert await memo.load(2) == 0.5
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await memo.load(0)


async def test_where_the_caller_who_reads_is_cancelled_another_one_reads() -> None:
    begun: list[int] = []

    async def read(key: int) -> int:
        begun.append(key)
        await asyncio.sleep(0)
        return key

    memo = RequestMemo(read)
    cancelled, *others = (asyncio.ensure_future(memo.load(1)) for _ in range(3))
    await asyncio.sleep(0)
    assert begun == [1]
    cancelled.cancel()
    assert await asyncio.gather(*others) == [1, 1]
    assert (cancelled.cancelled(), begun) == (True, [1, 1])
