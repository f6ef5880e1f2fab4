"""One call for each distinct question of an operation, however often it is asked."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")


class Once(Generic[Question, Answer]):
    """Remembers questions under way and answered; a failure stays with the question that met it."""

    def __init__(self, ask: Callable[[Question], Coroutine[Any, Any, Answer]]) -> None:
        self._ask = ask
        self._asked: dict[Question, asyncio.Task[Answer]] = {}

    def get(self, question: Question) -> Awaitable[Answer]:
        """The answer; who goes away leaves the question to the others."""
        task = self._asked.get(question)
        if task is None:
            task = self._asked[question] = asyncio.create_task(self._ask(question))
        return asyncio.shield(task)
