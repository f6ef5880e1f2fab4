"""A relation: its batch function on the class, a DataLoader for each instance, one call for the keys of one turn."""

import ast
import asyncio
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from strawberry.dataloader import DataLoader

import loaders
from loaders.relation import Relation, RelationSet, in_key_order

Calls = list[tuple[Any, list[int]]]
CALLS: Calls = []


async def read_squares(scope: Any, keys: Sequence[int]) -> list[int | BaseException | None]:
    """Return the square; None for a negative number, an exception for 13."""
    CALLS.append((scope, list(keys)))
    await asyncio.sleep(0)
    return [ValueError("13") if key == 13 else key * key if key >= 0 else None for key in keys]


async def fail(_scope: Any, _keys: Sequence[int]) -> list[int]:
    raise ConnectionError("gone")


class Numbers(RelationSet):
    """Relations of integers."""

    squares = Relation(read_squares)
    cubes = Relation(read_squares)
    failing = Relation(fail)


@pytest.fixture
def scope() -> Any:
    return object()


@pytest.fixture
def numbers(scope: Any) -> Numbers:
    return Numbers(scope)


@pytest.fixture(autouse=True)
def calls() -> Calls:
    CALLS.clear()
    return CALLS


async def test_reads_the_keys_of_one_turn_in_one_call_and_each_key_once(numbers: Numbers, calls: Calls) -> None:
    load = numbers.squares.load
    assert await asyncio.gather(*(load(key) for key in [3, 1, 3, 2])) == [9, 1, 9, 4]
    assert calls == [(numbers.scope, [3, 1, 2])]


async def test_load_many_keeps_the_order_and_the_duplicates_of_its_keys(numbers: Numbers, calls: Calls) -> None:
    assert await numbers.squares.load_many([2, -1, 2]) == [4, None, 4]
    assert await numbers.squares.load_many([]) == []
    assert calls == [(numbers.scope, [2, -1])]


async def test_keeps_what_it_has_read_also_where_there_is_no_value(numbers: Numbers, calls: Calls) -> None:
    for _ in range(2):
        assert await numbers.squares.load(4) == 16
        assert await numbers.squares.load(-1) is None
    assert [keys for _, keys in calls] == [[4], [-1]]


async def test_collects_further_keys_while_a_call_is_under_way(numbers: Numbers, calls: Calls) -> None:
    first = asyncio.ensure_future(numbers.squares.load(1))
    while not calls:
        await asyncio.sleep(0)
    assert list(await asyncio.gather(first, *map(numbers.squares.load, (2, 3)))) == [1, 4, 9]
    assert [keys for _, keys in calls] == [[1], [2, 3]]


async def test_a_failing_read_reaches_every_caller(numbers: Numbers) -> None:
    results = await asyncio.gather(numbers.failing.load(1), numbers.failing.load(2), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionError, ConnectionError]


async def test_an_exception_in_the_place_of_a_value_fails_its_key_alone(numbers: Numbers) -> None:
    results = await asyncio.gather(*map(numbers.squares.load, (1, 13, 2)), return_exceptions=True)
    assert [results[0], type(results[1]), results[2]] == [1, ValueError, 4]


async def test_a_cancelled_caller_does_not_take_the_value_from_the_others(numbers: Numbers) -> None:
    cancelled, other = asyncio.ensure_future(numbers.squares.load(1)), asyncio.ensure_future(numbers.squares.load(2))
    cancelled.cancel()
    assert await other == 4
    with pytest.raises(asyncio.CancelledError):
        await cancelled


async def test_a_key_whose_caller_was_cancelled_can_be_loaded_again(numbers: Numbers) -> None:
    asyncio.ensure_future(numbers.squares.load(5)).cancel()
    await asyncio.sleep(0)
    assert await numbers.squares.load(5) == 25


async def test_is_the_batch_function_on_the_class_and_one_data_loader_on_each_instance(scope: Any) -> None:
    assert isinstance(Numbers.squares, Relation)
    assert await Numbers.squares.read(scope, [2, 3]) == [4, 9]
    first, second = Numbers(scope), Numbers(scope)
    assert isinstance(first.squares, DataLoader)
    assert first.squares is first.squares
    assert len({id(first.squares), id(first.cubes), id(second.squares)}) == 3


@pytest.mark.usefixtures("gc_disabled")
async def test_an_instance_is_freed_with_its_last_reference() -> None:
    numbers = Numbers(object())  # type: ignore[arg-type]
    await numbers.squares.load_many([1, 2])
    await asyncio.sleep(0)
    references = weakref.ref(numbers), weakref.ref(numbers.squares)
    del numbers
    await asyncio.sleep(0)
    assert [reference() for reference in references] == [None, None]


def test_values_by_key_become_values_in_the_order_of_the_keys() -> None:
    assert in_key_order(["b", "x", "a", "b"], {"a": 1, "b": 2, "c": 3}) == [2, None, 1, 2]
    assert in_key_order([], {"a": 1}) == []


def test_loaders_use_nothing_of_strawberry_but_the_data_loader() -> None:
    imported: dict[str, set[str]] = {}
    for path in Path(loaders.__file__).parent.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported[path.name] = imported.get(path.name, set()) | {n for n in names if n.startswith("strawberry")}
    assert {name: modules for name, modules in imported.items() if modules} == {
        "relation.py": {"strawberry.dataloader"}
    }


async def test_lists_that_are_requested_in_one_turn_are_read_together(numbers: Numbers, calls: Calls) -> None:
    load_all = numbers.squares.load_all
    lists: Any = await asyncio.gather(load_all([3, 1, 3]), load_all([]), load_all([1, 2]))
    assert lists == [[9, 1, 9], [], [1, 4]]
    assert calls == [(numbers.scope, [3, 1, 2])]
    assert await load_all([2, 5]) == [4, 25]
    assert [keys for _, keys in calls[1:]] == [[5]]


async def test_a_failed_value_stands_in_its_place_and_a_failed_read_reaches_every_list(numbers: Numbers) -> None:
    values: list[Any] = await numbers.squares.load_all([2, 13])
    assert (values[0], type(values[1])) == (4, ValueError)
    load_all = numbers.failing.load_all
    outcomes = await asyncio.gather(load_all([1]), load_all([2]), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionError, ConnectionError]


@pytest.mark.parametrize("turns", [1, 2])
async def test_where_the_reader_is_cancelled_another_one_reads(numbers: Numbers, turns: int) -> None:
    reader, other = (asyncio.ensure_future(numbers.squares.load_all([key])) for key in (1, 2))
    for _ in range(turns):
        await asyncio.sleep(0)
    reader.cancel()
    assert await other == [4]
    assert reader.cancelled()


async def test_the_stored_keys_that_lists_need_are_read_together_and_kept_apart() -> None:
    projections: list[Any] = []

    async def read(_scope: Any, keys: Sequence[int], projection: Any = None) -> list[Any]:
        projections.append(projection)
        return [projection] * len(keys)

    relation: Any = type("Projected", (RelationSet,), {"values": Relation(read)})(object())
    name, day = frozenset({"name"}), frozenset({"day"})
    await asyncio.gather(relation.values.load_all([1], name), relation.values.load_all([1], day))
    assert projections == [name | day]
    assert await relation.values.load_all([1], frozenset()) == [frozenset()]
    await asyncio.gather(relation.values.load_all([2], name), relation.values.load_all([3]))
    assert projections[1:] == [frozenset(), None]
    # A whole document has every key.
    assert await relation.values.load_all([3], day) == [None]
    assert len(projections) == 3
