"""A few sockets, streams and operations begin in each iteration of the event loop, in the order of their arrival."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from resolvers.context import Viewer
from server.limits.rate_limiter import Charge, RateLimiter
from server.live.begins import MAX_BEGINS, Begins, begins
from tests.server.live.socket_server import MAX_OPERATIONS, Socket, SocketServer

FEED = "subscription { numbered { number } }"
# As long as no operation of the test costs.
NEW_TEXT = FEED + " #" + "-" * 200
SOCKETS = 10


class Iterations:
    """Counts the iterations of the event loop while its block runs."""

    def __init__(self) -> None:
        self.number = 0
        self._is_over = False

    def __enter__(self) -> "Iterations":
        self._count()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True

    def _count(self) -> None:
        self.number += 1
        if not self._is_over:
            asyncio.get_running_loop().call_soon(self._count)


async def begin(paced: Begins, log: list[tuple[int, int]], name: int, iterations: Iterations, number: int = 1) -> None:
    await paced.wait(number)
    log.append((iterations.number, name))


async def test_few_begin_in_each_iteration_in_their_order() -> None:
    log: list[tuple[int, int]] = []
    with Iterations() as iterations:
        paced = Begins(3)
        await asyncio.gather(*(begin(paced, log, name, iterations) for name in range(20)))
    assert [name for _, name in log] == list(range(20))
    counts = Counter(iteration for iteration, _ in log)
    assert max(counts.values()) == 3
    # Once they wait, no iteration is left out: nothing but their number delays them.
    later = sorted(counts)[1:]
    assert later == list(range(later[0], later[0] + 6))


async def test_a_begin_counts_as_several() -> None:
    log: list[tuple[int, int]] = []
    paced = Begins(4)
    with Iterations() as iterations:
        await asyncio.gather(*(begin(paced, log, name, iterations, 2) for name in range(8)))
    assert set(Counter(iteration for iteration, _ in log).values()) == {2}


async def test_one_that_is_cancelled_takes_no_place() -> None:
    paced = Begins(1)
    await paced.wait()
    waiting = [asyncio.create_task(paced.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    await waiting[2]
    assert waiting[0].done() and waiting[1].cancelled()


async def test_nothing_is_scheduled_once_all_have_begun() -> None:
    paced = Begins(2)
    for _ in range(5):
        await paced.wait()
    for _ in range(3):
        await asyncio.sleep(0)
    assert not paced._is_counting
    assert begins() is begins()


class CountingLimiter(RateLimiter):
    """Counts the operations of each iteration: each is charged when it begins."""

    def __init__(self, iterations: Iterations) -> None:
        super().__init__()
        self.counts: Counter[int] = Counter()
        self.prepared: Counter[int] = Counter()
        self._iterations = iterations

    async def charge(self, viewer: Viewer, cost: int) -> Charge:
        self.counts[self._iterations.number] += 1
        # A new text is charged by its characters before, and again once it is prepared.
        self.prepared[self._iterations.number] += cost < len(NEW_TEXT)
        return await super().charge(viewer, cost)


@asynccontextmanager
async def limited_sockets(world: SocketServer) -> AsyncIterator[tuple[list[Socket], CountingLimiter]]:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(world.socket()) for _ in range(SOCKETS)]
        await asyncio.gather(*(socket.initialise() for socket in sockets))
        await sockets[0].settle()
        limiter = world.app_state.rate_limiter = CountingLimiter(stack.enter_context(Iterations()))
        yield sockets, limiter


async def test_operations_of_many_sockets_do_not_begin_together(world: SocketServer) -> None:
    async with limited_sockets(world) as (sockets, limiter):
        await asyncio.gather(
            *(socket.subscribe(str(number), FEED) for socket in sockets for number in range(MAX_OPERATIONS - 1))
        )
        await asyncio.gather(*(socket.settle() for socket in sockets))
    assert sum(limiter.counts.values()) >= SOCKETS * MAX_OPERATIONS
    # Those that began at once, and those that waited for an iteration before. All together, there were 184 in one.
    assert max(limiter.counts.values()) <= 2 * MAX_BEGINS + 1


async def test_new_texts_of_many_sockets_are_not_prepared_together(world: SocketServer) -> None:
    async with limited_sockets(world) as (sockets, limiter):
        await asyncio.gather(
            *(
                socket.subscribe(str(number), f"{NEW_TEXT}{index} {number}")
                for index, socket in enumerate(sockets)
                for number in range(5)
            )
        )
        while sum(limiter.prepared.values()) < 5 * SOCKETS:
            await asyncio.sleep(0.01)
    # Without it, five and more.
    assert max(limiter.prepared.values()) <= 3


async def test_sockets_are_not_authenticated_together(world: SocketServer) -> None:
    authenticate, counts = world.app_state.authenticate, Counter[int]()
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(world.socket()) for _ in range(4 * MAX_BEGINS)]
        iterations = stack.enter_context(Iterations())

        async def count(token: str, after_operation_time: int = 0) -> Viewer:
            counts[iterations.number] += 1
            return await authenticate(token, after_operation_time)

        world.app_state.authenticate = count  # type: ignore[method-assign]
        await asyncio.gather(*(socket.initialise() for socket in sockets))
    assert sum(counts.values()) == len(sockets)
    # All of them in one iteration, without it.
    assert max(counts.values()) <= 2 * MAX_BEGINS
