"""Goes on with what an outage of the database broke off: a feed does not end because a primary did."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from domain.failures import Unavailable
from store.database.client import PyMongoError

PAUSE_SECONDS = 0.25
# A set without a primary for longer, or an event that can never be told, is an error to be told of.
PATIENCE_SECONDS = 120.0


async def through_outages(run: Callable[[], Awaitable[None]], place: Callable[[], Any]) -> None:
    """Runs it again where the database did not answer; raises what it raised once `place` has not moved for long."""
    stuck_at, until = None, 0.0
    while True:
        try:
            return await run()
        except (Unavailable, PyMongoError):
            if place() != stuck_at or not until:
                stuck_at, until = place(), monotonic() + PATIENCE_SECONDS
            if monotonic() > until:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
