"""Opens the database that a command works on: MONGODB_URI's, or the embedded one of `--data DIR`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from domain.failures import OperatorError
from server.app.settings import Settings
from store.database.client import Client, PyMongoError
from store.embedded import instance as embedded
from store.preparation import prepare_database


@contextmanager
def database_uri(settings: Settings, data: Path | None = None) -> Iterator[str]:
    """The URI to connect to, for as long as the block runs."""
    if settings.mongodb_uri:
        yield settings.mongodb_uri
        return
    with embedded.open_embedded_mongo(data or settings.data) as mongo:
        yield mongo.uri


@asynccontextmanager
async def open_prepared_client(settings: Settings, uri: str) -> AsyncIterator[Client]:
    """A client on a database whose collections and indexes are there, and whose documents are as this version's."""
    # Building an index on a full collection takes longer than any request may; so may a migration.
    await _prepare_database(settings, uri)
    client = Client(uri, settings.database, driver=settings.driver)
    try:
        yield client
    finally:
        await client.close()


async def _prepare_database(settings: Settings, uri: str) -> None:
    preparing = Client(uri, settings.database, driver=settings.driver, timeout_ms=None, server_selection_ms=10_000)
    try:
        await asyncio.wait_for(prepare_database(preparing), timeout=3600)
    except PyMongoError as error:
        raise OperatorError(
            f"The database cannot be prepared ({error}). MONGODB_URI must name a replica set or "
            "sharded cluster of MongoDB 6.0 or later that is up and that this user may write to."
        ) from None
    finally:
        await preparing.close()
