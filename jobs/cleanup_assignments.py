"""Takes the customers of administrators who were removed, or given another role, away from them."""

from store.access.assignment_cleanup import continue_assignment_cleanup, find_assignment_cleanups
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope


async def cleanup_assignments(client: Client) -> int:
    """One slice of each drop; answers how many customers were taken."""
    taken = 0
    for drop in await find_assignment_cleanups(client):
        taken += await continue_assignment_cleanup(Scope(client, drop["partner_id"], utc_now()), drop)
    return taken
