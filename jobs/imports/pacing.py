"""Lets an import take turns with the requests and feeds of its process: it reads small pieces and yields by time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from time import monotonic

# A piece of blank lines, the most expensive bytes to split, takes 5 ms.
PIECE_BYTES = 4096
_TURN_SECONDS = 0.005
# A stream that arrives slowly fills no batch: its access is checked by time, too.
_CHECK_SECONDS = 10.0

CheckAccess = Callable[[], Awaitable[None]]


async def allow_always() -> None:
    """Do nothing; for imports of the operator, whose access does not end."""


def split_pieces(chunk: bytes) -> Iterator[bytes]:
    """Yield the chunk in pieces of at most PIECE_BYTES; an empty one as it is, since it took time, too."""
    return (chunk[start : start + PIECE_BYTES] for start in range(0, len(chunk) or 1, PIECE_BYTES))


class Pacer:
    """Yields to the event loop, and checks the access of the import again."""

    def __init__(self, check_access: CheckAccess) -> None:
        self._check_access = check_access
        self._turn_ends_at = monotonic() + _TURN_SECONDS
        self._next_check_at = monotonic() + _CHECK_SECONDS

    async def pause_if_due(self) -> None:
        """Let other tasks run once the import has worked for a turn."""
        if monotonic() >= self._turn_ends_at:
            await asyncio.sleep(0)
            self._turn_ends_at = monotonic() + _TURN_SECONDS

    async def check_access(self) -> None:
        """Raise what ends the import where its caller may no longer import."""
        await self._check_access()
        self._next_check_at = monotonic() + _CHECK_SECONDS

    async def check_access_if_due(self) -> None:
        """Check the access where it was not checked for ten seconds."""
        if monotonic() >= self._next_check_at:
            await self.check_access()
