"""A client of the default driver on an empty database; the tests in database/ run on both drivers."""

from collections.abc import AsyncIterator

import pytest

from store.database.client import Client


@pytest.fixture
def database_name(prepared_database: str) -> str:
    """Return the name of an empty database with all collections and indexes."""
    return prepared_database


@pytest.fixture
async def client(mongo_uri: str, database_name: str) -> AsyncIterator[Client]:
    """Yield a client on the test's database."""
    opened = Client(mongo_uri, database_name)
    yield opened
    await opened.close()
