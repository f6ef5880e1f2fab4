"""Takes deleted tags off the customers that still carry them."""

from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tags.cleanup import continue_tag_cleanup, find_tag_cleanups


async def cleanup_tags(client: Client) -> int:
    """One slice of each deleted tag; answers how many customers carried one."""
    swept = 0
    for cleanup in await find_tag_cleanups(client):
        swept += await continue_tag_cleanup(Scope(client, cleanup["partner_id"], utc_now()), cleanup)
    return swept
