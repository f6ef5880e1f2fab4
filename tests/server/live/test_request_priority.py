"""Long deliveries wait while a request is in progress, and only then."""

import asyncio

from server.live.request_priority import MAX_RESULTS_AT_ONCE, MAX_SHARED_COST, RequestPriority

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


async def test_a_partner_has_a_few_results_at_once_beside_those_of_another_partner() -> None:
    request_priority, running, most = RequestPriority(), 0, 0

    async def execute(partner: str, cost: int = MAX_SHARED_COST) -> None:
        nonlocal running, most
        async with request_priority.limit_results(partner, cost):
            running, most = running + 1, max(most, running + 1)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(execute("a") for _ in range(20)))
    assert most == MAX_RESULTS_AT_ONCE
    await asyncio.gather(*(execute(partner) for partner in "ab" for _ in range(20)))
    assert most == 2 * MAX_RESULTS_AT_ONCE
    most = 0
    await asyncio.gather(*(execute("a", MAX_SHARED_COST + 1) for _ in range(20)))
    assert most == 1
    assert not request_priority._limits._limits
