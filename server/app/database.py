"""Opens the database of a command: the one of MONGODB_URI, or the embedded one in `--data DIR`."""

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
    """Yield the URI of the database; an embedded MongoDB runs until the block ends."""
    if settings.mongodb_uri:
        yield settings.mongodb_uri
        return
    with embedded.open_embedded_mongo(data or settings.data) as mongo:
        yield mongo.uri


@asynccontextmanager
async def open_prepared_client(settings: Settings, uri: str, *, notices_outages: bool = False) -> AsyncIterator[Client]:
    """Yield a client of a database that has all collections and indexes and the schema version of this program.

    A client that serves requests notices outages.
    """
    # Building an index or migrating can take longer than the timeout of a request, so it has a client without one.
    await _prepare_database(settings, uri)
    client = Client(uri, settings.database, driver=settings.driver, notices_outages=notices_outages)
    try:
        yield client
    finally:
        await client.close()


async def _prepare_database(settings: Settings, uri: str) -> None:
    preparing = Client(uri, settings.database, driver=settings.driver, timeout_ms=None, server_selection_ms=10_000)
    try:
        async with asyncio.timeout(3600):
            await prepare_database(preparing)
    except PyMongoError as error:
        raise OperatorError(
            f"The database cannot be prepared ({error}). MONGODB_URI must name a replica set or "
            "sharded cluster of MongoDB 6.0 or later that is up and that this user may write to."
        ) from None
    finally:
        await preparing.close()
