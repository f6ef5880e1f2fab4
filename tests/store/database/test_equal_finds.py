"""Equal finds are joined into one command: each caller gets its own list, also where another is cancelled or fails."""

import asyncio
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from store.database.client import Client
from store.database.joint_finds import EqualFinds
from store.database.kept_documents import KeptDocuments
from store.database.stored_fields import StoredDocument


class Store:
    """A find that counts its calls, and waits until the gate is open."""

    def __init__(self, failures: int = 0) -> None:
        self.finds = 0
        self.gate = asyncio.Event()
        self._failures = failures

    async def find(self) -> list[int]:
        self.finds += 1
        number = self.finds
        await self.gate.wait()
        if self._failures:
            self._failures -= 1
            raise ConnectionError
        return [number]


async def test_equal_finds_of_one_turn_are_one_command_with_a_list_for_each() -> None:
    equal_finds, store = EqualFinds(), Store()
    store.gate.set()
    first, second, other = await asyncio.gather(*(equal_finds.find(key, store.find) for key in "aab"))
    assert (first, second, other) == ([1], [1], [2])
    first.clear()
    assert second == [1]
    assert store.finds == 2


async def test_what_is_requested_later_is_read_later() -> None:
    equal_finds, store = EqualFinds(), Store()
    first = asyncio.create_task(equal_finds.find("key", store.find))
    while not store.finds:
        await asyncio.sleep(0)
    later = asyncio.create_task(equal_finds.find("key", store.find))
    await asyncio.sleep(0)
    store.gate.set()
    assert (await first, await later) == ([1], [2])


async def test_a_failure_is_that_of_all_and_of_nobody_later() -> None:
    equal_finds, store = EqualFinds(), Store(failures=1)
    store.gate.set()
    outcomes = await asyncio.gather(*(equal_finds.find("key", store.find) for _ in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionError] * 3
    assert await equal_finds.find("key", store.find) == [2]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=8))
async def test_operations_that_are_cancelled_take_nothing_from_the_others(cancelled_in: list[int]) -> None:
    """Each number says after how many turns of the loop an operation is cancelled, 4 that it is not."""
    equal_finds, store = EqualFinds(), Store()
    tasks = [asyncio.create_task(equal_finds.find("key", store.find)) for _ in cancelled_in]
    for turn in range(4):
        for task, its_turn in zip(tasks, cancelled_in, strict=True):
            if its_turn == turn:
                task.cancel()
        await asyncio.sleep(0)
    store.gate.set()
    async with asyncio.timeout(10):
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(len(outcome) == 1 for outcome, its_turn in zip(outcomes, cancelled_in, strict=True) if its_turn == 4)  # type: ignore[arg-type]
    assert not equal_finds._commands._open and not equal_finds._commands._under_way


async def test_finds_that_differ_in_anything_are_not_joined(client: Client) -> None:
    collection = client.collection("things")
    moment = datetime(2026, 11, 29)
    await collection.insert_many(
        [
            {"_id": "1", "partner_id": "acme", "n": 1, "at": moment},
            {"_id": "2", "partner_id": "acme", "n": 2, "at": moment.replace(microsecond=1000)},
            {"_id": "3", "partner_id": "other", "n": True, "at": moment},
        ]
    )
    kept = KeptDocuments(StoredDocument)
    finds: list[tuple[dict[str, Any], dict[str, int], dict[str, Any], list[str]]] = [
        ({"partner_id": "acme"}, {"_id": 1}, {}, ["1", "2"]),
        ({"partner_id": "other"}, {"_id": 1}, {}, ["3"]),
        ({"n": 1}, {"_id": 1}, {}, ["1"]),
        ({"n": True}, {"_id": 1}, {}, ["3"]),
        ({"partner_id": "acme", "at": {"$lte": moment}}, {"_id": 1}, {}, ["1"]),
        ({"partner_id": "acme", "at": {"$lte": moment.replace(second=1)}}, {"_id": 1}, {}, ["1", "2"]),
        ({"partner_id": "acme"}, {"_id": 1}, {"limit": 1}, ["1"]),
        ({"partner_id": "acme"}, {"_id": 1}, {"sort": [("_id", -1)]}, ["2", "1"]),
    ]
    found = await asyncio.gather(
        *(collection.find_kept(kept, where, projection, **options) for where, projection, options, _ in finds),
        collection.find_kept(kept, {"n": 1}, {"n": 1}),
    )
    assert [[each.document["_id"] for each in documents] for documents in found[:-1]] == [ids for *_, ids in finds]
    assert found[-1][0].document == {"_id": "1", "n": 1}


async def test_finds_that_are_requested_while_one_is_under_way_are_read_together_when_it_ends() -> None:
    equal_finds, store = EqualFinds(), Store()
    first = asyncio.create_task(equal_finds.find("key", store.find))
    while not store.finds:
        await asyncio.sleep(0)
    later: list[asyncio.Task[list[int]]] = []
    for _ in range(3):
        later.append(asyncio.create_task(equal_finds.find("key", store.find)))
        await asyncio.sleep(0)
    assert store.finds == 1
    store.gate.set()
    assert await first == [1]
    assert await asyncio.gather(*later) == [[2]] * 3


async def test_nothing_waits_for_a_find_that_does_not_end() -> None:
    equal_finds, hanging, store = EqualFinds(), Store(), Store()
    first = asyncio.create_task(equal_finds.find("key", hanging.find))
    while not hanging.finds:
        await asyncio.sleep(0)
    store.gate.set()
    assert await equal_finds.find("key", store.find) == [1]
    assert not first.done()
    hanging.gate.set()
    assert await first == [1]
    assert not equal_finds._commands._under_way
