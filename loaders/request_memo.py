"""One call for each distinct key of an operation, however often it is asked."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class RequestMemo(Generic[Key, Value]):
    """Remembers questions under way and answered; a failure stays with the key that met it."""

    def __init__(self, load: Callable[[Key], Coroutine[Any, Any, Value]]) -> None:
        self._load = load
        self._tasks: dict[Key, asyncio.Task[Value]] = {}

    def get(self, key: Key) -> Awaitable[Value]:
        """The answer; who goes away leaves the key to the others."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(self._load(key))
        return asyncio.shield(task)
