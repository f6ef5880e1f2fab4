"""Removes deleted tags from the customers that still have them."""

from store.changes.cleanups import find_cleanups
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tags.cleanup import COLLECTION, continue_tag_cleanup


async def cleanup_tags(client: Client) -> int:
    """Process one batch of each deleted tag; return the number of customers from which a tag was removed."""
    count = 0
    for cleanup in await find_cleanups(client, COLLECTION):
        count += await continue_tag_cleanup(Scope(client, cleanup["partner_id"], utc_now()), cleanup)
    return count
