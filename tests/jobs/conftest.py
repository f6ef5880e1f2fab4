"""A client on the test's database, which has a schema version, all collections and indexes."""

from collections.abc import AsyncIterator

import pytest

from store.database.client import Client
from store.migrations import migrate


@pytest.fixture
def database_name(prepared_database: str) -> str:
    """Return the name of an empty database with all collections and indexes."""
    return prepared_database


@pytest.fixture
async def client(mongo_uri: str, database_name: str) -> AsyncIterator[Client]:
    """Yield a client; close it after the test."""
    opened = Client(mongo_uri, database_name)
    # Commands of the command line, which some tests run in a process, need the version.
    await migrate(opened)
    yield opened
    await opened.close()
