"""Takes deleted tags off the customers that still carry them."""

from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tags.cleanup import sweep_on, waiting_sweeps


async def sweep_tags(client: Client) -> int:
    """One slice of each deleted tag; answers how many customers carried one."""
    swept = 0
    for sweep in await waiting_sweeps(client):
        swept += await sweep_on(Scope(client, sweep["partner_id"], utc_now()), sweep)
    return swept
