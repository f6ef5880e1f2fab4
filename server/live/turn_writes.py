"""The connections with output of this turn of the event loop: one callback of the loop writes all of it.

A callback for each connection costs as much as preparing its message.
"""

import asyncio
from typing import Protocol

from server.live.per_loop import PerLoop


class Flushed(Protocol):
    """A connection that keeps output until the end of the turn."""

    def flush(self) -> None:
        """Write the output now."""


class TurnWrites:
    """The connections of one event loop whose output waits for the end of the turn."""

    def __init__(self) -> None:
        self._waiting: list[Flushed] = []

    def add(self, connection: Flushed) -> None:
        """Let the connection be flushed at the end of the turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(connection)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            while waiting:
                # Before its flush: one that fails must not fail again in the place of those after it.
                waiting.pop().flush()
        finally:
            for connection in waiting:
                self.add(connection)


_by_loop = PerLoop(TurnWrites)


def turn_writes(loop: asyncio.AbstractEventLoop) -> TurnWrites:
    """Return those of the event loop."""
    return _by_loop.get(loop)
