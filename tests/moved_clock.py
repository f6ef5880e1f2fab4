"""A clock that a test moves on: the product reads the time in one place, which reads this clock instead."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import time_ns

from store.database import clock

_MICROSECOND = timedelta(microseconds=1)


class MovedClock:
    """The clock of the machine, and what it was moved by; it never goes back."""

    def __init__(self) -> None:
        self._by = timedelta()

    def time_ns(self) -> int:
        """Return the moment as `time.time_ns` does."""
        return time_ns() + self._by // _MICROSECOND * 1_000

    def move(self, hours: float) -> None:
        """Let this time pass at once."""
        self._by += timedelta(hours=hours)

    def move_to(self, moment: datetime) -> None:
        """Let the time pass until the moment, in naive UTC."""
        self._by = max(self._by, moment.replace(tzinfo=UTC) - datetime.now(UTC))


@contextmanager
def moved_clock() -> Iterator[MovedClock]:
    """Give the product a clock that can be moved; afterwards, it reads that of the machine again."""
    moved = MovedClock()
    # Every module imports the function that reads the clock, so what the function reads is exchanged.
    clock.time_ns = moved.time_ns  # type: ignore[attr-defined]
    try:
        yield moved
    finally:
        clock.time_ns = time_ns  # type: ignore[attr-defined]
