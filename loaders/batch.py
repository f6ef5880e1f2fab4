"""One call for many keys: whoever asks within one turn of the event loop is answered together."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Batch(Generic[Key, Value]):
    """Values by key for the life of one operation; each key is asked for once."""

    def __init__(self, load: Callable[[list[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._load = load
        self._answers: dict[Key, asyncio.Future[Value | None]] = {}
        self._waiting: list[Key] = []
        self._running: set[asyncio.Task[None]] = set()

    def get(self, key: Key) -> asyncio.Future[Value | None]:
        """The key's value, or None where there is none."""
        answer = self._answers.get(key)
        if answer is None:
            loop = asyncio.get_running_loop()
            answer = self._answers[key] = loop.create_future()
            if not self._waiting:
                loop.call_soon(self._dispatch)
            self._waiting.append(key)
        return answer

    def _dispatch(self) -> None:
        keys, self._waiting = self._waiting, []
        task = asyncio.get_running_loop().create_task(self._answer(keys))
        # The loop holds tasks weakly; ours must live until it has answered.
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _answer(self, keys: list[Key]) -> None:
        try:
            values = await self._load(keys)
        except Exception as failure:  # noqa: BLE001  Whatever went wrong belongs to those who asked.
            for answer in self._open(keys):
                answer.set_exception(failure)
                # Reading it here keeps asyncio from complaining where the asker has gone.
                answer.exception()
        else:
            for key in keys:
                if not self._answers[key].done():
                    self._answers[key].set_result(values.get(key))

    def _open(self, keys: list[Key]) -> list["asyncio.Future[Value | None]"]:
        return [self._answers[key] for key in keys if not self._answers[key].done()]
