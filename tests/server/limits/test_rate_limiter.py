"""The rate limiter of a process: few round trips, what several processes pass together, and what is given back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.failures import Unavailable
from domain.rate_limits import RateLimit, RateLimited, RateLimits
from resolvers.context import Viewer
from server.limits.rate_limiter import REQUEST_COST, Charge, RateLimiter
from store.database.client import Client
from store.database.clock import utc_now
from store.tenants import rate_budgets
from tests.server.live.factory_groups import make_viewer

# They leak next to nothing during a slow test.
ADMINISTRATOR, PARTNER = RateLimit(100_000, 0.001), RateLimit(250_000, 0.001)
COST = 1000 - REQUEST_COST


@pytest.fixture
async def client(mongo_uri: str, prepared_database: str) -> AsyncIterator[Client]:
    opened = Client(mongo_uri, prepared_database)
    yield opened
    await opened.close()


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record each reservation in the database."""
    recorded: list[str] = []
    reserve = rate_budgets.reserve_budget

    async def record(scope: Any, name: str, *others: Any) -> Any:
        recorded.append(name)
        return await reserve(scope, name, *others)

    monkeypatch.setattr("server.limits.rate_limiter.reserve_budget", record)
    return recorded


async def count_accepted(limiter: RateLimiter, viewer: Viewer, operations: int, cost: int = COST) -> int:
    async def is_accepted() -> bool:
        try:
            await limiter.charge(viewer, cost)
        except RateLimited:
            return False
        return True

    return sum(await asyncio.gather(*(is_accepted() for _ in range(operations))))


async def test_without_limits_nothing_is_charged() -> None:
    assert await RateLimiter().charge(make_viewer(), 10**9) == Charge(10**9 + REQUEST_COST, ())
    await RateLimiter().stop()


async def test_reserves_chunks_and_refuses_without_asking_again(client: Client, round_trips: list[str]) -> None:
    limiter = RateLimiter(client, RateLimits(ADMINISTRATOR))
    charge = await limiter.charge(make_viewer(), COST)
    assert charge.requested == 1000
    assert [(state.name, round(state.remaining)) for state in charge.states] == [("administrator", 99_000)]
    assert charge.describe()["cost"]["limit"] == 100_000  # type: ignore[index]
    assert await count_accepted(limiter, make_viewer(), 400) == 99
    # 20 chunks, and a second refusal where the test takes more than a second.
    assert 20 <= len(round_trips) <= 30


async def test_several_processes_share_the_budgets_of_an_administrator_and_of_the_partner(client: Client) -> None:
    limiters = [RateLimiter(client, RateLimits(ADMINISTRATOR, PARTNER)) for _ in range(3)]
    one, two, three = (make_viewer(id_=f"adm_{number}") for number in range(3))
    accepted = [count_accepted(limiter, viewer, 60) for limiter in limiters for viewer in (one, two)]
    # Each administrator has 100 operations; a process may keep the rest of its chunk.
    assert 200 - 6 * 5 <= sum(await asyncio.gather(*accepted)) <= 200
    await asyncio.gather(*(limiter.stop() for limiter in limiters))
    late = RateLimiter(client, RateLimits(ADMINISTRATOR, PARTNER))
    assert await count_accepted(late, three, 90) + 200 >= 250 - 30
    with pytest.raises(RateLimited, match="The partner's budget") as refused:
        await late.charge(three, 15_000)
    assert refused.value.requested == 15_000 + REQUEST_COST


async def test_gives_back_what_is_not_used(client: Client) -> None:
    limits = RateLimits(ADMINISTRATOR)
    first, second = RateLimiter(client, limits), RateLimiter(client, limits)
    await first.charge(make_viewer(), COST)
    with pytest.raises(RateLimited):
        await second.charge(make_viewer(), 98_000)
    await first.settle(idle_seconds=60)
    with pytest.raises(RateLimited):
        await RateLimiter(client, limits).charge(make_viewer(), 98_000)
    await first.settle(idle_seconds=0)
    await RateLimiter(client, limits).charge(make_viewer(), 98_000)


async def test_after_the_clock_was_set_back_budgets_are_read_and_given_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = RateLimits(RateLimit(10_000, 10_000))
    ahead = utc_now() + timedelta(hours=1)
    with monkeypatch.context() as clocks:
        for module in ("server.limits.rate_limiter", "store.tenants.rate_budgets"):
            clocks.setattr(f"{module}.utc_now", lambda: ahead)
        limiter = RateLimiter(client, limits)
        await limiter.charge(make_viewer(), 10_000)
        with pytest.raises(RateLimited):
            await limiter.charge(make_viewer(), 5_000)
    for process in (limiter, RateLimiter(client, limits)):
        async with asyncio.timeout(20):
            while not await count_accepted(process, make_viewer(), 1, 5_000):
                await asyncio.sleep(0.1)
    await limiter.settle(idle_seconds=0)
    assert not limiter._budgets


async def test_a_process_that_dies_loses_at_most_a_chunk(client: Client) -> None:
    limits = RateLimits(ADMINISTRATOR)
    await RateLimiter(client, limits).charge(make_viewer(), COST)
    left = ADMINISTRATOR.capacity - ADMINISTRATOR.chunk
    await RateLimiter(client, limits).charge(make_viewer(), int(left) - REQUEST_COST)


async def test_a_refusal_of_the_partner_costs_the_administrator_nothing(client: Client) -> None:
    limiter = RateLimiter(client, RateLimits(ADMINISTRATOR, RateLimit(10_000, 0.001)))
    await limiter.charge(make_viewer(), 9_000)
    for _ in range(50):
        with pytest.raises(RateLimited, match="The partner's budget"):
            await limiter.charge(make_viewer(), 5_000)
    small = await limiter.charge(make_viewer(), 0)
    assert round(small.states[0].remaining) == 100_000 - 9_000 - 2 * REQUEST_COST


async def test_an_operation_that_costs_more_than_the_budget_needs_a_whole_one(client: Client) -> None:
    limiter = RateLimiter(client, RateLimits(ADMINISTRATOR))
    assert round((await limiter.charge(make_viewer(), 10**9)).states[0].remaining) == 0
    with pytest.raises(RateLimited):
        await limiter.charge(make_viewer(), 0)


async def test_a_cancelled_caller_loses_nothing(client: Client) -> None:
    limiter = RateLimiter(client, RateLimits(ADMINISTRATOR))
    charging = asyncio.create_task(limiter.charge(make_viewer(), 50_000))
    await asyncio.sleep(0)
    charging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await charging
    await limiter.charge(make_viewer(), 90_000)


async def test_all_that_wait_for_a_silent_database_fail_together() -> None:
    client = Client("mongodb://127.0.0.1:1/?directConnection=true", "none", timeout_ms=500)
    limiter = RateLimiter(client, RateLimits(ADMINISTRATOR))
    # One after another, they would take 15 s.
    async with asyncio.timeout(10):
        results = await asyncio.gather(*(limiter.charge(make_viewer(), 1) for _ in range(30)), return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable] * 30
    await limiter.stop()
    await client.close()


async def test_a_budget_that_is_not_given_back_is_logged_and_forgotten(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = RateLimiter(client, RateLimits(ADMINISTRATOR, PARTNER))
    await limiter.charge(make_viewer(), COST)

    async def fail(*_: Any) -> None:
        raise Unavailable

    monkeypatch.setattr("server.limits.rate_limiter.give_back_budget", fail)
    with capture_logs() as logs:
        await limiter.settle(idle_seconds=0)
    assert [entry["event"] for entry in logs] == ["unused budget was not given back"] * 2
    assert not limiter._budgets


async def test_limits_without_a_database_are_a_mistake_of_the_program() -> None:
    with pytest.raises(RuntimeError, match="Rate limits need a database"):
        await RateLimiter(None, RateLimits(ADMINISTRATOR)).charge(make_viewer(), 1)


async def test_a_budget_in_use_is_kept_with_one_chunk(client: Client) -> None:
    limiter = RateLimiter(client, RateLimits(ADMINISTRATOR))
    await limiter.charge(make_viewer(), COST)
    (budget,) = limiter._budgets.values()
    budget.share.held += 3 * ADMINISTRATOR.chunk
    await limiter.settle(idle_seconds=600)
    assert limiter._budgets and budget.share.held == ADMINISTRATOR.chunk
