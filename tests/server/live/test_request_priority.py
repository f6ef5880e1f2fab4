"""Long deliveries step aside while a request is being answered, and only then."""

import asyncio

from server.live.request_priority import Courtesy

LONG = 0.05


async def waited(courtesy: Courtesy, seconds: float) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await courtesy.let_pass(seconds)
    return loop.time() - began


async def test_leaves_a_request_as_long_as_it_was_busy() -> None:
    courtesy = Courtesy()
    with courtesy.request():
        # The loop's clock may round down.
        assert await waited(courtesy, LONG) > LONG * 0.9


async def test_waits_for_nobody_once_the_last_request_is_answered() -> None:
    courtesy = Courtesy()
    with courtesy.request(), courtesy.request():
        pass
    try:
        with courtesy.request():
            raise ValueError
    except ValueError:
        pass
    async with asyncio.timeout(10):
        await courtesy.let_pass(3600)


async def test_others_get_a_turn_all_the_same() -> None:
    courtesy = Courtesy()
    turns: list[int] = []
    asyncio.get_running_loop().call_soon(turns.append, 1)
    await courtesy.let_pass(3600)
    assert turns == [1]
