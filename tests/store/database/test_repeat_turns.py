"""Repeats of transactions take turns, for as long as the queue moves."""

import asyncio

import pytest

from store.database import repeat_turns
from store.database.repeat_turns import RepeatTurns


@pytest.fixture(autouse=True)
def _short_standstill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeat_turns, "_MAX_STANDSTILL_SECONDS", 0.2)


async def test_a_queue_that_moves_is_waited_for_in_the_order_of_requests() -> None:
    turns, log, most = RepeatTurns(), list[int](), 0
    active = 0

    async def repeat(number: int) -> None:
        nonlocal active, most
        async with turns.turn():
            active += 1
            most = max(most, active)
            await asyncio.sleep(0.03)
            log.append(number)
            active -= 1

    # Twenty times 30 ms are three times the standstill.
    await asyncio.gather(*(repeat(number) for number in range(20)))
    assert (log, most) == (list(range(20)), 1)


async def test_a_queue_that_stands_still_is_left() -> None:
    turns, release = RepeatTurns(), asyncio.Event()

    async def hold() -> None:
        async with turns.turn():
            await release.wait()

    async def repeat() -> None:
        async with turns.turn():
            pass

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await asyncio.gather(*(repeat() for _ in range(3)))
    assert not holding.done()
    release.set()
    await holding


async def test_a_repeat_that_is_cancelled_keeps_no_turn() -> None:
    turns = RepeatTurns()
    async with turns.turn():
        waiting = asyncio.create_task(turns.turn().__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with asyncio.timeout(0.1), turns.turn():
        pass
