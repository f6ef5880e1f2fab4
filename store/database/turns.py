"""Long work in turns, between which the requests and feeds of the process run, and limits of what runs at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Sequence
from time import perf_counter
from typing import TypeVar
from weakref import WeakValueDictionary

from domain.batches import split_into_batches

Item = TypeVar("Item")
_TURN_SECONDS = 0.005


async def in_turns(items: Sequence[Item], size: int) -> AsyncIterator[Sequence[Item]]:
    """Yield the items in parts of `size`; other tasks run before each part but the first."""
    for position, part in enumerate(split_into_batches(items, size)):
        if position:
            await asyncio.sleep(0)
        yield part


async def process_at_once(items: Iterable[Item], most: int, process: Callable[[Item], Awaitable[None]]) -> None:
    """Process the items in their order, `most` of them at once; raise an ExceptionGroup as a TaskGroup does."""
    waiting = iter(items)

    async def work() -> None:
        for item in waiting:
            await process(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(most):
            group.create_task(work())


class Turns:
    """Work of unequal steps in turns of about five milliseconds."""

    def __init__(self) -> None:
        self._began_at = perf_counter()

    async def pause_when_due(self) -> None:
        """Let other tasks run where the turn has been long enough."""
        if perf_counter() - self._began_at > _TURN_SECONDS:
            await asyncio.sleep(0)
            self._began_at = perf_counter()


class SharedLimits:
    """How much may run at once, by a key such as a partner; a limit is kept while somebody waits for it or has it."""

    def __init__(self) -> None:
        self._limits: WeakValueDictionary[Hashable, asyncio.Semaphore] = WeakValueDictionary()

    def limit(self, key: Hashable, most: int) -> asyncio.Semaphore:
        """Return the semaphore of the key, which is always given the same `most`."""
        limit = self._limits.get(key)
        if limit is None:
            limit = self._limits[key] = asyncio.Semaphore(most)
        return limit
