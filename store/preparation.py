"""Prepare a database for this program: its schema version first, then its collections and indexes."""

from store.database.client import Client
from store.indexes import ensure_indexes
from store.migrations import migrate


async def prepare_database(client: Client) -> None:
    """Apply the missing migrations, then create the missing indexes; raise OperatorError for a newer database.

    Both can take longer than a request may: give a client without a time limit. Migrations come first, because an index
    can need the fields that they write.
    """
    await migrate(client)
    await ensure_indexes(client)
