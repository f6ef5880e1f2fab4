"""Reads that cannot be batched: one call for each distinct key of an operation, however many fields need it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class RequestMemo(Generic[Key, Value]):
    """Values by key, read at the first request. A failure is kept too and is raised to every caller of its key."""

    def __init__(self, read: Callable[[Key], Coroutine[Any, Any, Value]]) -> None:
        self._read = read
        self._tasks: dict[Key, asyncio.Task[Value]] = {}

    def load(self, key: Key) -> Awaitable[Value]:
        """Return the key's value. The read goes on for the other callers when one of them is cancelled."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(self._read(key))
        return asyncio.shield(task)
