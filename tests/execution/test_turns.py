"""Operations take turns: small ones first, then those of each owner, and large ones pause for small ones."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from threading import Thread
from time import monotonic, process_time

import pytest

from execution.turns import Turns
from tests.machine_speed import is_below


class ShortTurns(Turns):
    """Turns of 2 ms: the tests are short."""

    TURN_SECONDS = 0.002


def work(turns: Turns, seconds: float = 0.003) -> None:
    """Block the event loop, as rows do that ask before each whether the turn is over."""
    turns.is_over()
    until = monotonic() + seconds
    while monotonic() < until:
        pass


@pytest.fixture
def turns() -> Turns:
    return ShortTurns()


async def run_large(turns: Turns, owner: str, log: list[str], pieces: int = 6) -> None:
    with turns.track(owner):
        for _ in range(pieces):
            log.append(owner)
            work(turns)
            await turns.wait()


async def test_a_turn_begins_anew_with_each_iteration_of_the_event_loop(turns: Turns) -> None:
    work(turns)
    assert turns.is_over()
    await asyncio.sleep(0)
    assert not turns.is_over()


async def test_owners_take_turns_however_many_operations_they_have(turns: Turns) -> None:
    log: list[str] = []
    many = [run_large(turns, "many", log) for _ in range(8)]
    await asyncio.gather(*many, run_large(turns, "one", log))
    # One of nine operations: in the order of their arrival it would end among the last of 54 pieces.
    assert max(index for index, owner in enumerate(log) if owner == "one") < 27


async def test_a_small_operation_that_waits_goes_first(turns: Turns) -> None:
    log: list[str] = []

    async def small() -> None:
        with turns.track("small"):
            for _ in range(3):
                await turns.wait()
                await asyncio.sleep(0)
            log.append("small")

    large = [asyncio.create_task(run_large(turns, "large", log, 20)) for _ in range(4)]
    await asyncio.sleep(0.01)
    before = len(log)
    await small()
    # With an iteration of the event loop for each piece of the four, three steps take twelve.
    assert len(log) - before <= 8
    await asyncio.gather(*large)


async def waits(turns: Turns) -> AsyncIterator[float]:
    """Yield the pauses of a large operation after each of its turns."""
    with turns.track("large"):
        for _ in range(5):
            work(turns)
            began = monotonic()
            await turns.wait()
            yield monotonic() - began


async def test_a_large_operation_pauses_only_while_a_small_one_is_in_progress(turns: Turns) -> None:
    alone = [pause async for pause in waits(turns)]
    with turns.track("small"):
        beside_small = [pause async for pause in waits(turns)]
    assert min(alone) < 0.001
    # The timer of the event loop has a resolution of a millisecond.
    assert sorted(beside_small)[2] >= 0.001


async def test_the_end_of_the_last_small_operation_ends_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Turns, "TURN_SECONDS", 0.6)
    turns = Turns()

    async def small() -> None:
        with turns.track("small"):
            await asyncio.sleep(0.001)

    task = asyncio.create_task(small())
    with turns.track("large"):
        await asyncio.sleep(0)
        work(turns, 0.65)
        began = monotonic()
        await turns.wait()
        assert monotonic() - began < 0.55
    await task


async def test_those_that_wait_in_one_operation_share_its_turn_in_order(turns: Turns) -> None:
    order = []

    async def step(number: int) -> None:
        work(turns)
        await turns.wait()
        order.append(number)

    with turns.track("one"):
        await asyncio.gather(*map(step, range(5)))
    assert order == [0, 1, 2, 3, 4]


async def test_an_operation_that_is_cancelled_while_it_waits_stops_nobody(turns: Turns) -> None:
    log: list[str] = []
    tasks = [asyncio.create_task(run_large(turns, owner, log)) for owner in ("gone", "stays")]
    await asyncio.sleep(0.004)
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert log.count("stays") == 6
    assert not turns._small_queue and not turns._large_queue


def test_turns_work_in_a_new_event_loop_after_one_was_stopped_with_operations_that_wait(turns: Turns) -> None:
    async def stop_while_it_waits() -> None:
        with turns.track("a"):
            work(turns)
            asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)  # type: ignore[union-attr]
            await turns.wait()

    async def wait_again() -> None:
        work(turns)
        async with asyncio.timeout(5):
            await turns.wait()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stop_while_it_waits())
    asyncio.run(wait_again())


@pytest.mark.parametrize("is_tracked", [False, True])
def test_an_event_loop_that_is_stopped_goes_on_after_another_one(turns: Turns, is_tracked: bool) -> None:
    async def wait_often() -> int:
        count = 0
        with turns.track("a") if is_tracked else nullcontext():
            async with asyncio.timeout(5):
                for count in range(20):  # noqa: B007  The last one is returned.
                    work(turns, 0.002)
                    await turns.wait()
        return count

    first = asyncio.new_event_loop()
    task = first.create_task(wait_often())
    first.run_until_complete(asyncio.sleep(0.005))
    assert not task.done()
    assert asyncio.run(wait_often()) == 19
    assert first.run_until_complete(task) == 19
    first.close()


@pytest.mark.parametrize("is_tracked", [False, True])
def test_threads_have_event_loops_of_their_own(turns: Turns, is_tracked: bool) -> None:
    ended: list[str] = []

    async def run(name: str) -> None:
        async with asyncio.timeout(10):
            for _ in range(5):
                with turns.track(name) if is_tracked else nullcontext():
                    for _ in range(5):
                        work(turns, 0.002)
                        await turns.wait()
        ended.append(name)

    names = ["a", "b", "c"]
    threads = [Thread(target=lambda name=name: asyncio.run(run(name))) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == names


async def test_a_large_operation_goes_on_while_small_ones_wait_all_the_time(turns: Turns) -> None:
    steps, is_done = 0, False

    async def small() -> None:
        nonlocal steps
        while not is_done:
            with turns.track("small"):
                work(turns)
                await turns.wait()
                steps += 1

    others = [asyncio.create_task(small()) for _ in range(5)]
    await asyncio.sleep(0.01)
    async with asyncio.timeout(20):
        with turns.track("large"):
            work(turns)
            await turns.wait()
            before = steps
            for _ in range(10):
                work(turns)
                await turns.wait()
    is_done, taken = True, steps - before
    await asyncio.gather(*others)
    # At least two small turns before each of its own, and no more than some in the turns that began before it waited.
    assert 15 <= taken <= 60


async def test_thousands_wait_without_a_look_at_each(turns: Turns) -> None:
    """All of 4,000 operations begin at once: each turn would take 0.2 ms if it looked at all that wait."""
    log: list[str] = []

    async def run(number: int) -> None:
        with turns.track(number % 7):
            await turns.wait()
            log.append("")

    work(turns)
    began_at = process_time()
    await asyncio.gather(*map(run, range(4_000)))
    assert len(log) == 4_000
    assert is_below(process_time() - began_at, 0.6)
