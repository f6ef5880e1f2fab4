"""Turns of the operations of one socket: a few are executed at once, and the others wait."""

import asyncio

# 75 pages of 200 customers fit into 9 kB of messages: at once, they take 190 MB. Of two, one can work while the other
# waits for the database; with four, what the driver decodes at once delayed other clients by 100 ms.
MAX_EXECUTING = 2


class Turn:
    """One operation's turn; a subscription ends it when it begins to wait for changes."""

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self._turns = turns
        self._is_running = False

    async def begin(self) -> None:
        """Wait until fewer than MAX_EXECUTING operations are executed."""
        await self._turns.acquire()
        self._is_running = True

    def end(self) -> None:
        """Let the next operation begin; more than once is the same as once."""
        if self._is_running:
            self._is_running = False
            self._turns.release()
