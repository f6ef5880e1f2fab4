"""One call for many keys: whoever asks within one turn of the event loop is answered together."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BatchLoader(Generic[Key, Value]):
    """Values by key for the life of one operation; each key is asked for once."""

    def __init__(self, load: Callable[[list[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._load = load
        self._futures: dict[Key, asyncio.Future[Value | None]] = {}
        self._pending_keys: list[Key] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def get(self, key: Key) -> asyncio.Future[Value | None]:
        """The key's value, or None where there is none."""
        answer = self._futures.get(key)
        if answer is None:
            loop = asyncio.get_running_loop()
            answer = self._futures[key] = loop.create_future()
            if not self._pending_keys:
                loop.call_soon(self._dispatch)
            self._pending_keys.append(key)
        return answer

    def _dispatch(self) -> None:
        keys, self._pending_keys = self._pending_keys, []
        task = asyncio.get_running_loop().create_task(self._load_keys(keys))
        # The loop holds tasks weakly; ours must live until it has answered.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _load_keys(self, keys: list[Key]) -> None:
        try:
            values = await self._load(keys)
        except Exception as failure:  # noqa: BLE001  Whatever went wrong belongs to those who asked.
            for answer in self._unresolved(keys):
                answer.set_exception(failure)
                # Reading it here keeps asyncio from complaining where the asker has gone.
                answer.exception()
        else:
            for key in keys:
                if not self._futures[key].done():
                    self._futures[key].set_result(values.get(key))

    def _unresolved(self, keys: list[Key]) -> list["asyncio.Future[Value | None]"]:
        return [self._futures[key] for key in keys if not self._futures[key].done()]
