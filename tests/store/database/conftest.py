"""What depends on the driver runs on both: on motor, and on PyMongo's own asynchronous client."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from store.database.client import Client


@pytest.fixture(params=["motor", "pymongo"])
async def client(mongo_uri: str, database_name: str, request: Any) -> AsyncIterator[Client]:
    """Yield a client on the test's database."""
    opened = Client(mongo_uri, database_name, driver=request.param)
    yield opened
    await opened.close()
