"""Items that are processed some at once."""

import asyncio

import pytest

from store.database.turns import process_at_once


async def test_some_items_are_processed_at_once_in_their_order() -> None:
    begun: list[int] = []
    running: set[int] = set()

    async def process(item: int) -> None:
        begun.append(item)
        running.add(item)
        assert len(running) <= 2
        await asyncio.sleep(0)
        running.remove(item)

    await process_at_once(range(7), 2, process)
    assert begun == list(range(7)) and not running


async def test_the_first_failure_ends_all_that_is_in_progress() -> None:
    begun: list[int] = []

    async def process(item: int) -> None:
        begun.append(item)
        if item:
            raise LookupError(item)
        await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as failed:
        await process_at_once(range(5), 2, process)
    assert [str(failure) for failure in failed.value.exceptions] == ["1"] and begun == [0, 1]
