"""Long deliveries wait while a request is in progress, and only then."""

import asyncio

from server.live.request_priority import RequestPriority

LONG = 0.05


async def waited(request_priority: RequestPriority, seconds: float) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await request_priority.yield_to_requests(seconds)
    return loop.time() - began


async def test_sleeps_for_the_given_time_while_a_request_is_in_progress() -> None:
    request_priority = RequestPriority()
    with request_priority.track_request():
        # The loop's clock may round down.
        assert await waited(request_priority, LONG) > LONG * 0.9


async def test_sleeps_for_one_turn_after_the_last_request() -> None:
    request_priority = RequestPriority()
    with request_priority.track_request(), request_priority.track_request():
        pass
    try:
        with request_priority.track_request():
            raise ValueError
    except ValueError:
        pass
    async with asyncio.timeout(10):
        await request_priority.yield_to_requests(3600)


async def test_other_tasks_run_in_any_case() -> None:
    request_priority = RequestPriority()
    turns: list[int] = []
    asyncio.get_running_loop().call_soon(turns.append, 1)
    await request_priority.yield_to_requests(3600)
    assert turns == [1]
