"""Retries after failures of the database, so that a failover does not end a feed."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from domain.failures import Unavailable
from store.database.client import PyMongoError

RETRY_INTERVAL_SECONDS = 0.25
# A longer outage, or a change whose execution always fails, ends the feed with an error.
MAX_STUCK_SECONDS = 120.0


async def retry_on_outage(run: Callable[[], Awaitable[None]], get_progress: Callable[[], Any]) -> None:
    """Call `run` again after database failures; raise the failure after 120 s without a change of `get_progress()`.

    `get_progress()` must change with each success of `run`: otherwise two outages count as one.
    """
    last_progress, deadline = None, 0.0
    while True:
        try:
            return await run()
        except (Unavailable, PyMongoError):
            if get_progress() != last_progress or not deadline:
                last_progress, deadline = get_progress(), monotonic() + MAX_STUCK_SECONDS
            if monotonic() > deadline:
                raise
            await asyncio.sleep(RETRY_INTERVAL_SECONDS)
