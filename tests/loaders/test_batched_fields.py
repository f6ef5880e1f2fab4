"""Batched fields: one call of their function for the objects of one turn, by function and arguments."""

import asyncio
import weakref
from collections.abc import Sequence
from typing import Any

import pytest

from loaders.batched_fields import BatchedFields


class Holder:
    """A context that owns the DataLoaders, as that of an operation does."""

    def __init__(self) -> None:
        self.batched_fields = BatchedFields()
        self.calls: list[tuple[list[int], int]] = []

    def load(self, parent: int, **arguments: Any) -> Any:
        return self.batched_fields.load(self, times, {"factor": 1, **arguments}, parent)


async def times(holder: Holder, parents: Sequence[int], factor: int, filter: Any = None) -> list[int | BaseException]:
    holder.calls.append((list(parents), factor))
    return [ValueError(parent) if parent < 0 else parent * factor for parent in parents]


async def test_the_objects_of_one_turn_are_one_call_for_each_set_of_arguments() -> None:
    holder = Holder()
    loads = holder.load(1), holder.load(2, factor=3), holder.load(1), holder.load(4, factor=3)
    results = list(await asyncio.gather(*loads))
    assert results == [1, 6, 1, 12]
    assert sorted(holder.calls) == [([1, 1], 1), ([2, 4], 3)]


async def test_arguments_may_be_mappings_and_lists() -> None:
    holder = Holder()
    filters: list[Any] = [{"tag": ["a"], "search": None}, {"search": None, "tag": ["a"]}, {"tag": ["b"]}]
    await asyncio.gather(*(holder.load(number, filter=each) for number, each in enumerate(filters)))
    assert [parents for parents, _ in holder.calls] == [[0, 1], [2]]


async def test_an_exception_in_the_place_of_a_result_fails_that_object_alone() -> None:
    holder = Holder()
    results: Any = await asyncio.gather(holder.load(2), holder.load(-1), return_exceptions=True)
    assert (results[0], type(results[1])) == (2, ValueError)


@pytest.mark.usefixtures("gc_disabled")
async def test_a_context_is_freed_with_its_last_reference() -> None:
    holder = Holder()
    assert await holder.load(5) == 5
    reference = weakref.ref(holder)
    await asyncio.sleep(0)
    del holder
    assert reference() is None


@pytest.mark.parametrize("number", [0, 7])
async def test_a_result_is_not_kept_for_the_next_turn(number: int) -> None:
    holder = Holder()
    assert [await holder.load(number), await holder.load(number)] == [number, number]
    assert len(holder.calls) == 2
