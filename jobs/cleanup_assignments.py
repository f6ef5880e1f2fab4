"""Removes the assignments of administrators that were removed or whose role no longer has assignments."""

from store.access.assignment_cleanup import COLLECTION, continue_assignment_cleanup
from store.changes.cleanups import find_cleanups
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope


async def cleanup_assignments(client: Client) -> int:
    """Process one batch of each pending cleanup; return the number of customers that lost an assignment."""
    count = 0
    for cleanup in await find_cleanups(client, COLLECTION):
        count += await continue_assignment_cleanup(Scope(client, cleanup["partner_id"], utc_now()), cleanup)
    return count
