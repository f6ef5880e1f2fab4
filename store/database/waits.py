"""Limits that begin only where a coroutine waits: an answer from memory waits for nothing, and needs no timer."""

from collections.abc import Coroutine, Generator
from contextlib import AbstractAsyncContextManager
from types import coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")
# What a coroutine yields to the event loop, and what it is sent.
_Work = Coroutine[Any, Any, Result]


@coroutine
def limit_waits(work: _Work[Result], limit: AbstractAsyncContextManager[None]) -> Generator[Any, Any, Result]:
    """Return the result of a coroutine; from its first wait on, it runs within the limit.

    Use it as `await limit_waits(work(), limit)`. Before its first wait, nothing could end the coroutine anyway.
    To enter the limit must neither wait nor fail.
    """
    try:
        awaited = work.send(None)
    except StopIteration as ended:
        result: Result = ended.value
        return result
    return (yield from _go_on(work, awaited, limit).__await__())


async def _go_on(work: _Work[Result], awaited: Any, limit: AbstractAsyncContextManager[None]) -> Result:
    async with limit:
        return await _steps(work, awaited)


@coroutine
def _steps(work: _Work[Result], awaited: Any) -> Generator[Any, Any, Result]:
    """Run the coroutine on from what it waits for, as `yield from` does."""
    while True:
        sent = thrown = None
        try:
            sent = yield awaited
        except GeneratorExit:
            work.close()
            raise
        except BaseException as failure:  # noqa: BLE001  A cancellation, which the coroutine may handle.
            thrown = failure
        try:
            awaited = work.send(sent) if thrown is None else work.throw(thrown)
        except StopIteration as ended:
            result: Result = ended.value
            return result
        finally:
            # What goes on to be raised refers to this frame.
            thrown = None
