"""Who waits for whom on the event loop: long deliveries step aside while somebody's request is being answered."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class RequestPriority:
    """One for all of a process.

    A request takes a dozen turns of the loop, with the database in between. A feed of thousands of messages that gave
    way for one turn at a time would let it take one step after each of its own, some ten milliseconds apart.
    """

    def __init__(self) -> None:
        self._requests = 0

    @contextmanager
    def track_request(self) -> Iterator[None]:
        """Within it, a request is being answered."""
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    async def yield_to_requests(self, seconds: float) -> None:
        """Leaves requests so long, where there are any, and everybody else one turn."""
        await asyncio.sleep(seconds if self._requests else 0)
