"""A limit that begins where a coroutine waits: until then no limit, after it the same as `async with` around it."""

import asyncio
import gc
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from store.database.waits import limit_waits


class Limit:
    """Counts how often its block began and ended."""

    def __init__(self) -> None:
        self.began = self.ended = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        self.began += 1
        try:
            yield
        finally:
            self.ended += 1


def limited(work: Coroutine[Any, Any, Any], limit: Limit) -> Any:
    return limit_waits(work, limit())


async def add(*waits: Any) -> int:
    """Return the sum of what is awaited."""
    return sum([await each for each in waits])


async def soon(value: int) -> int:
    await asyncio.sleep(0)
    return value


async def value_of(value: int) -> int:
    return value


async def fail(*waits: Any) -> None:
    await add(*waits)
    raise LookupError("not there")


async def test_what_waits_for_nothing_has_no_limit() -> None:
    limit = Limit()
    assert await limited(add(value_of(1), value_of(2)), limit) == 3
    with pytest.raises(LookupError):
        await limited(fail(value_of(1)), limit)
    assert limit.began == 0


async def test_what_waits_is_limited_once() -> None:
    limit, future = Limit(), asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, 5)
    assert await limited(add(value_of(1), soon(2), future, soon(3)), limit) == 11
    with pytest.raises(LookupError):
        await limited(fail(soon(1), soon(2)), limit)
    assert (limit.began, limit.ended) == (2, 2)


async def test_a_wait_in_the_first_step_reaches_the_limit() -> None:
    with pytest.raises(TimeoutError):
        await limit_waits(asyncio.Event().wait(), asyncio.timeout(0.01))  # type: ignore[arg-type]


async def test_a_failure_of_what_is_awaited_reaches_the_coroutine() -> None:
    future = asyncio.get_running_loop().create_future()

    async def catch() -> str:
        try:
            return str(await future)
        except OSError as failure:
            return f"{failure} {await soon(1)}"

    asyncio.get_running_loop().call_soon(future.set_exception, OSError("lost"))
    assert await limited(catch(), Limit()) == "lost 1"


async def test_a_cancellation_reaches_the_coroutine_which_may_go_on() -> None:
    limit, is_waiting = Limit(), asyncio.Event()

    async def go_on() -> str:
        try:
            is_waiting.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            return "tidied up"
        return ""

    task = asyncio.create_task(limited(go_on(), limit))
    await is_waiting.wait()
    task.cancel()
    assert await task == "tidied up"
    task = asyncio.create_task(limited(asyncio.Event().wait(), limit))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (limit.began, limit.ended) == (2, 2)


async def test_a_coroutine_that_nobody_awaits_any_more_is_closed() -> None:
    limit, closed = Limit(), []

    async def tidy_up() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    waiting = limited(tidy_up(), limit)
    waiting.send(None)
    waiting.close()
    assert closed == [True] and limit.ended == 1


async def test_a_failure_leaves_nothing_to_the_garbage_collector() -> None:
    async def cancel_oneself() -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    with pytest.raises(asyncio.CancelledError):
        await limited(cancel_oneself(), Limit())
    gc.collect()
    for _ in range(10):
        with suppress(asyncio.CancelledError):
            await limited(cancel_oneself(), Limit())
    assert gc.collect() < 10
