"""A client on the test's own database, prepared as the server prepares it."""

from collections.abc import AsyncIterator

import pytest

from store.database.client import Client
from store.indexes import ensure_indexes


@pytest.fixture
async def client(mongo_uri: str, database_name: str) -> AsyncIterator[Client]:
    """Closed after the test; the database is dropped by its own fixture."""
    opened = Client(mongo_uri, database_name)
    await ensure_indexes(opened)
    yield opened
    await opened.close()
