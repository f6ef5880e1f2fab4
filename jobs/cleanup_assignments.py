"""Takes the customers of administrators who were removed, or given another role, away from them."""

from store.access.assignment_cleanup import drop_on, waiting_drops
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope


async def drop_assignments(client: Client) -> int:
    """One slice of each drop; answers how many customers were taken."""
    taken = 0
    for drop in await waiting_drops(client):
        taken += await drop_on(Scope(client, drop["partner_id"], utc_now()), drop)
    return taken
