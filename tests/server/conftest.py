"""The small world of the tests of feeds and sockets: its server, and the events that happen in it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from tests.server.live.socket_server import SocketServer, running_world
from tests.store.feed.factory_feeds import Events


@pytest.fixture
def events(mongo_uri: str, database_name: str) -> Iterator[Events]:
    """Writes events as the store does."""
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        yield Events(client, database_name)


@pytest.fixture
async def world(mongo_uri: str, database_name: str) -> AsyncIterator[SocketServer]:
    """A running server over the test's own database."""
    async with running_world(mongo_uri, database_name) as running:
        yield running
