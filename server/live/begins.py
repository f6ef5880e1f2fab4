"""How many sockets, streams and operations of sockets begin in one iteration of the event loop.

A request takes about twelve iterations of the event loop. Where 190 sockets begin their subscriptions together, each of
the iterations would last as long as 190 begins. Here a few begin in each iteration, in the order in which they arrived,
whatever else is in progress: a begin waits for no mutation and no query, however many of them there are.
"""

import asyncio
from collections import deque

from server.live.per_loop import PerLoop

MAX_BEGINS = 8
# The begin of a subscription takes 0.15 ms of processor time, that of a socket 0.3 ms, of a stream 0.5 ms. One that
# parses and validates a new text takes 2 ms and more: it counts as MAX_BEGINS.
SOCKET_BEGINS, STREAM_BEGINS = 2, 4


class Begins:
    """The begins in one event loop."""

    def __init__(self, most: int = MAX_BEGINS) -> None:
        self._most = most
        # Those of the running iteration, while `_next_iteration` is scheduled for the following one.
        self._count, self._is_counting = 0, False
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    async def wait(self, number: int = 1) -> None:
        """Return in the first iteration that has room for one more, which counts as `number`."""
        if not self._is_counting:
            self._count_iteration()
        if self._count < self._most and not self._waiting:
            self._count += number
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append((waiter, number))
        await waiter

    def _count_iteration(self) -> None:
        self._count, self._is_counting = 0, True
        asyncio.get_running_loop().call_soon(self._next_iteration)

    def _next_iteration(self) -> None:
        if not self._waiting:
            self._is_counting = False
            return
        self._count_iteration()
        while self._waiting and self._count < self._most:
            waiter, number = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self._count += number


_by_loop = PerLoop(Begins)


def begins() -> Begins:
    """Return those of the running event loop."""
    return _by_loop.get(asyncio.get_running_loop())
