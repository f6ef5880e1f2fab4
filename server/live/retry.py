"""Goes on with what an outage of the database broke off: a feed does not end because a primary did."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from domain.failures import Unavailable
from store.database.client import PyMongoError

RETRY_INTERVAL_SECONDS = 0.25
# A set without a primary for longer, or an event that can never be told, is an error to be told of.
MAX_STUCK_SECONDS = 120.0


async def retry_on_outage(run: Callable[[], Awaitable[None]], get_progress: Callable[[], Any]) -> None:
    """Run it again after database failures; raise the failure once `get_progress` has not moved for long."""
    stuck_at, until = None, 0.0
    while True:
        try:
            return await run()
        except (Unavailable, PyMongoError):
            if get_progress() != stuck_at or not until:
                stuck_at, until = get_progress(), monotonic() + MAX_STUCK_SECONDS
            if monotonic() > until:
                raise
            await asyncio.sleep(RETRY_INTERVAL_SECONDS)
