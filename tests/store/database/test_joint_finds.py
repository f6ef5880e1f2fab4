"""Finds of several operations that are one command: each gets its own documents, whoever leaves or fails."""

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from store.database.client import Client
from store.database.joint_finds import MAX_IDS, JointFinds


class Store:
    """Documents by id; it counts its finds, which wait until `release` is called, if there is a gate."""

    def __init__(self, failures: int = 0) -> None:
        self.finds: list[list[str]] = []
        self.gate = asyncio.Event()
        self._failures = failures

    async def find(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        self.finds.append(list(ids))
        await self.gate.wait()
        if self._failures:
            self._failures -= 1
            raise ConnectionError
        return [{"_id": id_} for id_ in ids if id_ != "missing"]


def _ids(documents: Sequence[dict[str, Any]]) -> list[str]:
    return [document["_id"] for document in documents]


async def test_finds_of_one_turn_are_one_command() -> None:
    joint_finds, store = JointFinds(), Store()
    store.gate.set()
    wanted = [["a", "b"], ["b"], ["missing"], ["c", "missing"]]
    found = await asyncio.gather(*(joint_finds.find("key", ids, store.find) for ids in wanted))
    assert [_ids(documents) for documents in found] == [["a", "b"], ["b"], [], ["c"]]
    assert store.finds == [["a", "b", "missing", "c"]]


async def test_what_is_requested_later_is_read_later() -> None:
    joint_finds, store = JointFinds(), Store()
    first = asyncio.create_task(joint_finds.find("key", ["a"], store.find))
    while not store.finds:
        await asyncio.sleep(0)
    later = asyncio.create_task(joint_finds.find("key", ["a"], store.find))
    await asyncio.sleep(0)
    store.gate.set()
    assert _ids(await first) == _ids(await later) == ["a"]
    assert store.finds == [["a"], ["a"]]


async def test_other_keys_and_too_many_ids_are_other_commands() -> None:
    joint_finds, store = JointFinds(), Store()
    store.gate.set()
    many = [f"id-{n}" for n in range(MAX_IDS)]
    found = await asyncio.gather(
        joint_finds.find("key", many, store.find),
        joint_finds.find("key", ["a"], store.find),
        joint_finds.find("other", ["a"], store.find),
    )
    assert [len(documents) for documents in found] == [MAX_IDS, 1, 1]
    assert sorted(store.finds) == [["a"], ["a"], many]


async def test_a_failure_is_that_of_all_and_of_nobody_later() -> None:
    joint_finds, store = JointFinds(), Store(failures=1)
    store.gate.set()
    outcomes = await asyncio.gather(
        *(joint_finds.find("key", [id_], store.find) for id_ in "abc"), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [ConnectionError] * 3
    assert _ids(await joint_finds.find("key", ["a"], store.find)) == ["a"]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.lists(st.sampled_from("abcd"), min_size=1), st.integers(0, 4)), min_size=1, max_size=8))
async def test_operations_that_are_cancelled_take_nothing_from_the_others(
    requests: list[tuple[list[str], int]],
) -> None:
    """Each number says after how many turns of the loop an operation is cancelled, 4 that it is not."""
    joint_finds, store = JointFinds(), Store()
    tasks = [asyncio.create_task(joint_finds.find("key", ids, store.find)) for ids, _ in requests]
    for turn in range(4):
        for task, (_, cancelled_in) in zip(tasks, requests, strict=True):
            if cancelled_in == turn:
                task.cancel()
        await asyncio.sleep(0)
    store.gate.set()
    outcomes = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    for outcome, (ids, cancelled_in) in zip(outcomes, requests, strict=True):
        if cancelled_in == 4:
            assert not isinstance(outcome, BaseException)
            assert set(_ids(outcome)) == set(ids)
    assert not joint_finds._commands._open and not joint_finds._commands._under_way


async def test_conditions_and_projections_that_differ_are_not_joined(client: Client) -> None:
    collection = client.collection("things")
    await collection.insert_many([{"_id": "1", "partner_id": "acme", "a": 1}, {"_id": "2", "partner_id": "other"}])
    conditions: list[dict[str, Any]] = [
        {"partner_id": "acme"},
        {"partner_id": "other"},
        {"partner_id": {"$ne": "acme"}},
    ]
    found = await asyncio.gather(
        *(collection.find_by_ids(where, ["1", "2"], {"_id": 1}) for where in conditions),
        collection.find_by_ids(conditions[0], ["1", "2"]),
        collection.find_by_ids(conditions[0], ["2", "1"], {"_id": 1}),
    )
    assert [_ids(documents) for documents in found] == [["1"], ["2"], ["2"], ["1"], ["1"]]
    assert found[3] == [{"_id": "1", "partner_id": "acme", "a": 1}]
