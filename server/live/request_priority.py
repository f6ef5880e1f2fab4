"""Lets long deliveries of feeds wait while requests are in progress, and few of their results be executed at once.

The pages of exports take turns in the same way.
"""

import asyncio
from typing import Self

from store.database.turns import SharedLimits

# 34 feeds of nested lists sent hundreds of commands to the database at once, behind which a query of another client
# waited for 1.5 s.
MAX_RESULTS_AT_ONCE = 3
# Results that may cost more are executed one after another: three of them at once delayed another client twice as long.
MAX_SHARED_COST = 200


class RequestPriority:
    """Counts the requests in progress of a process.

    A request takes about twelve turns of the event loop, with waits for the database in between. A delivery of
    thousands of messages that yields for one turn at a time delays each of them by about 10 ms.
    """

    def __init__(self) -> None:
        self._request_count = 0
        self._limits = SharedLimits()

    def track_request(self) -> Self:
        """Return a context manager: a request is counted while its block runs."""
        return self

    def __enter__(self) -> None:
        self._request_count += 1

    def __exit__(self, *_: object) -> None:
        self._request_count -= 1

    async def yield_to_requests(self, seconds: float) -> None:
        """Sleep for the seconds where requests are in progress, else for one turn of the event loop."""
        await asyncio.sleep(seconds if self._request_count else 0)

    def limit_results(self, partner_id: str, cost: int) -> asyncio.Semaphore:
        """Return what lets a few results of a partner's feeds be executed, while others of similar cost wait."""
        return self._limit("results", partner_id, MAX_RESULTS_AT_ONCE if cost <= MAX_SHARED_COST else 1)

    def limit_export_pages(self, partner_id: str) -> asyncio.Semaphore:
        """Return what lets one page of a partner's exports be read at a time: forty at once delayed others by 2 s."""
        return self._limit("exports", partner_id, 1)

    def _limit(self, work: str, partner_id: str, most: int) -> asyncio.Semaphore:
        return self._limits.limit((work, partner_id, most), most)
