"""Who asks in one turn of the loop is answered by one call."""

import asyncio
from collections.abc import Mapping

import pytest

from loaders.batch import BatchLoader

Calls = list[list[int]]


def squares(calls: Calls) -> BatchLoader[int, int]:
    async def load(keys: list[int]) -> Mapping[int, int]:
        calls.append(keys)
        await asyncio.sleep(0)
        return {key: key * key for key in keys if key >= 0}

    return BatchLoader(load)


async def test_asks_once_for_all_keys_of_a_turn_and_each_key_once() -> None:
    calls: Calls = []
    batch = squares(calls)
    assert await asyncio.gather(*(batch.get(key) for key in [3, 1, 3, 2])) == [9, 1, 9, 4]
    assert calls == [[3, 1, 2]]


async def test_remembers_what_it_was_told() -> None:
    calls: Calls = []
    batch = squares(calls)
    assert await batch.get(4) == 16
    assert await batch.get(4) == 16
    assert calls == [[4]]


async def test_answers_none_where_there_is_nothing() -> None:
    assert await squares([]).get(-1) is None


async def test_collects_again_while_a_call_is_under_way() -> None:
    calls: Calls = []
    batch = squares(calls)
    first = asyncio.ensure_future(batch.get(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert list(await asyncio.gather(first, batch.get(2), batch.get(3))) == [1, 4, 9]
    assert calls == [[1], [2, 3]]


async def test_a_failure_reaches_all_who_asked() -> None:
    async def load(_keys: list[int]) -> Mapping[int, int]:
        raise ConnectionError("gone")

    batch: BatchLoader[int, int] = BatchLoader(load)
    found = await asyncio.gather(batch.get(1), batch.get(2), return_exceptions=True)
    assert [type(one) for one in found] == [ConnectionError, ConnectionError]


async def test_who_goes_away_leaves_the_others_their_answer() -> None:
    batch = squares([])
    gone, stays = asyncio.ensure_future(batch.get(1)), asyncio.ensure_future(batch.get(2))
    gone.cancel()
    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone
