"""Work in steps: a generator that yields between them, and returns the result."""

from collections.abc import Generator
from typing import TypeVar

from execution.turns import TURNS

Result = TypeVar("Result")
Steps = Generator[None, None, Result]


def finish(steps: Steps[Result]) -> Result:
    """Return the result of the steps, one immediately after the other."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


async def finish_in_turns(steps: Steps[Result]) -> Result:
    """Return the result of the steps; other operations have their turn in between."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        await TURNS.wait()
