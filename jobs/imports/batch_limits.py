"""How many batches of imports a partner may have in progress in one process, however many imports it runs.

Ten imports with three batches each delayed a query of the same process by 300 ms, and took each other's customers.
"""

import asyncio
from weakref import WeakValueDictionary

# One import uses all of them: two threads of the driver work while the third batch is prepared.
MAX_BATCHES = 3

_limits: "WeakValueDictionary[str, asyncio.Semaphore]" = WeakValueDictionary()


def limit_batches(partner_id: str) -> asyncio.Semaphore:
    """Return what lets a few batches of a partner be written, while others wait for their turn."""
    limit = _limits.get(partner_id)
    if limit is None:
        limit = _limits[partner_id] = asyncio.Semaphore(MAX_BATCHES)
    return limit
