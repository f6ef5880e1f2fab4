"""How many batches of imports a partner may have in progress in one process, however many imports it runs.

Ten imports with three batches each delayed a query of the same process by 300 ms, and took each other's customers.
"""

import asyncio

from store.database.turns import SharedLimits

# One import uses all of them: two threads of the driver work while the third batch is prepared.
MAX_BATCHES = 3

_limits = SharedLimits()


def limit_batches(partner_id: str) -> asyncio.Semaphore:
    """Return what lets a few batches of a partner be written, while others wait for their turn."""
    return _limits.limit(partner_id, MAX_BATCHES)
