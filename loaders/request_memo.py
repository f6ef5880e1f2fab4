"""Reads that cannot be batched: one call for each distinct key of an operation, however many fields need it."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from store.database.joint_reads import JointRead

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class RequestMemo(Generic[Key, Value]):
    """Values by key, read at the first request. A failure is kept too and is raised to every caller of its key."""

    def __init__(self, read: Callable[[Key], Awaitable[Value]]) -> None:
        self._read = read
        self._values: dict[Key, Value] = {}
        self._failures: dict[Key, Exception] = {}
        self._under_way: dict[Key, JointRead[Key, Value]] = {}

    async def load(self, key: Key) -> Value:
        """Return the key's value. When the caller who reads it is cancelled, one of those who wait reads anew."""
        while key not in self._values:
            if key in self._failures:
                raise self._failures[key]
            under_way = self._under_way.get(key)
            # The first caller reads: a task for it would cost as much as planning a small read.
            await (self._read_for_all(key) if under_way is None else under_way.wait())
        return self._values[key]

    async def _read_for_all(self, key: Key) -> None:
        under_way = self._under_way[key] = JointRead((key,))
        try:
            self._values[key] = await self._read(key)
        except Exception as failure:
            self._failures[key] = failure
            raise
        finally:
            del self._under_way[key]
            under_way.finish({})
