"""Turns: how long one operation may execute before others of the same event loop are served."""

from asyncio import sleep
from time import monotonic


class Turns:
    """Ends the turn of the operations that execute in one event loop, so that it can serve others in between.

    A turn lasts TURN_SECONDS. An operation that has waited, for the database for example, begins a new one.
    """

    TURN_SECONDS = 0.02
    # Where the last check is longer ago than this, the operation has waited in between.
    _WAIT_SECONDS = 0.005

    def __init__(self) -> None:
        self._number, self._ends_at, self._checked_at = 0, 0.0, 0.0

    def is_over(self) -> bool:
        """Return whether the present turn has ended."""
        now = monotonic()
        if now - self._checked_at > self._WAIT_SECONDS:
            self._ends_at = now + self.TURN_SECONDS
        self._checked_at = now
        return now > self._ends_at

    async def wait(self) -> None:
        """Return in a turn that has not ended."""
        while self.is_over():
            number = self._number
            await sleep(0)
            # Of all that resume in one iteration of the event loop, the first begins the turn.
            if self._number == number:
                self._number += 1
                self._ends_at = monotonic() + self.TURN_SECONDS


TURNS = Turns()
