"""Turns of the transactions that repeat after a conflict: one at a time in this process, in the order of requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# A turn that nobody ends for this long delays the others no longer: they go on without one.
_MAX_STANDSTILL_SECONDS = 1.0


class RepeatTurns:
    """Gives each repeat its turn for as long as the queue moves.

    The time limit holds from the last turn that ended, not from the request: on a slow machine a queue of twenty is
    longer than any fixed time, and repeats that leave it conflict again.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._limits: set[asyncio.Timeout] = set()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold the turn; go on without it where the queue stands still."""
        has_turn = await self._acquire()
        try:
            yield
        finally:
            if has_turn:
                self._lock.release()
                self._extend_limits()

    async def _acquire(self) -> bool:
        limit = asyncio.timeout(_MAX_STANDSTILL_SECONDS)
        try:
            async with limit:
                self._limits.add(limit)
                return await self._lock.acquire()
        except TimeoutError:
            return False
        finally:
            self._limits.discard(limit)

    def _extend_limits(self) -> None:
        until = asyncio.get_running_loop().time() + _MAX_STANDSTILL_SECONDS
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(until)
