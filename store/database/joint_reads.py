"""Values by key that several callers request in one turn of the event loop: the first of them reads for all."""

from asyncio import Future, get_running_loop
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class JointRead(Generic[Key, Value]):
    """Keys that are read together. The caller that made it reads, and ends it by `finish` or `fail`."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = dict.fromkeys(keys)
        self._waiting: list[Future[Any]] = []

    def add_keys(self, keys: Iterable[Key]) -> None:
        """Add keys before they are read."""
        self.keys.update(dict.fromkeys(keys))

    async def wait(self) -> Mapping[Key, Value] | None:
        """Return the values of all keys, or None where the reader was cancelled and did not read."""
        future: Future[Any] = get_running_loop().create_future()
        self._waiting.append(future)
        outcome = await future
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    def finish(self, values: Mapping[Key, Value]) -> None:
        """Give the values to all that wait."""
        self._end(values)

    def fail(self, failure: BaseException) -> None:
        """Give a failure to all that wait. After a cancellation they read for themselves."""
        self._end(failure if isinstance(failure, Exception) else None)

    def _end(self, outcome: Any) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(outcome)
