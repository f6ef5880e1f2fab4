"""The store's tests run on both drivers: on motor, and on PyMongo's own asynchronous client."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from store.database.client import Client
from store.indexes import ensure_indexes


@pytest.fixture(params=["motor", "pymongo"])
async def client(mongo_uri: str, database_name: str, request: Any) -> AsyncIterator[Client]:
    """A client on the test's own database, prepared as the server prepares it; dropped by its own fixture."""
    opened = Client(mongo_uri, database_name, driver=request.param)
    await ensure_indexes(opened)
    yield opened
    await opened.close()
