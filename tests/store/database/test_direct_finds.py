"""Finds on connections of our own read what the driver reads, and leave to it whatever fails."""

import asyncio
from typing import Any

import pytest

from store.database import direct_finds
from store.database.client import Client, Collection, ExecutionTimeout, time_limit
from store.database.kept_documents import KeptDocuments
from store.database.stored_fields import StoredDocument

ROWS = [{"_id": number, "group": number % 2} for number in range(1_500)]
SLOW = {"_id": 1, "$where": "sleep(200) || true"}


@pytest.fixture
async def collection(client: Client, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """Return a collection with documents, whose finds have a connection."""
    monkeypatch.setattr(direct_finds, "MIN_FINDS", 0)
    collection = client.collection("rows")
    await collection.insert_many(ROWS)
    await open_connection(collection)
    return collection


async def open_connection(collection: Collection) -> None:
    await collection.find({"_id": 0})
    if collection._direct_finds._opening is not None:
        await collection._direct_finds._opening
    assert len(collection._direct_finds._idle) == 1


def forbid_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let finds by the driver fail."""
    monkeypatch.delattr(direct_finds.Find, "run_by_driver")


async def test_finds_read_what_the_driver_reads(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_driver(monkeypatch)
    found = await collection.find({"group": 1}, {"_id": 1}, sort=[("_id", -1)], limit=2, hint="_id_")
    assert found == [{"_id": 1_499}, {"_id": 1_497}]
    assert await collection.find({}, sort=[("_id", 1)]) == ROWS, "Two batches."
    assert await collection.find({"_id": -1}) == []
    kept = KeptDocuments(StoredDocument)
    assert [
        row.document for row in await collection.find_kept(kept, {}, {"_id": 1, "group": 1}, sort=[("_id", 1)])
    ] == ROWS
    assert await collection.find_kept(kept, {"_id": -1}, {}) == []
    assert await collection.find_one({"_id": 7}, {"group": 1}) == {"_id": 7, "group": 1}
    assert await collection.find_one({"_id": -1}) is None


async def test_a_connection_that_the_server_closed_is_not_used(collection: Collection) -> None:
    (connection,) = collection._direct_finds._connections
    connection._transport.abort()
    assert await collection.find({"_id": 3}) == [ROWS[3]]
    assert not collection._direct_finds._connections
    await open_connection(collection)


async def test_the_driver_repeats_a_find_whose_server_is_no_longer_the_primary(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct_finds, "_CHECK_SECONDS", 0.01)
    finding = asyncio.create_task(collection.find(SLOW))
    await asyncio.sleep(0)
    monkeypatch.setattr(direct_finds, "_find_primary", lambda _description: None)
    collection._direct_finds._description = None
    assert await finding == [ROWS[1]]
    assert await collection.find({"_id": 3}) == [ROWS[3]]


async def test_a_cancelled_find_closes_its_connection(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = asyncio.create_task(collection.find(SLOW))
    await asyncio.sleep(0)
    finding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finding
    await open_connection(collection)
    forbid_driver(monkeypatch)
    assert await collection.find({"_id": 3}) == [ROWS[3]]


async def test_time_limits(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_limit(60):
        assert await collection.find({"_id": 3}) == [ROWS[3]]
    forbid_driver(monkeypatch)
    with time_limit(60), pytest.raises(AttributeError):
        await collection.find({"_id": 3})
    monkeypatch.setattr(collection._direct_finds, "_seconds", 0.02)
    monkeypatch.setattr(direct_finds, "_ANSWER_SECONDS", 60)
    with pytest.raises(ExecutionTimeout):
        await collection.find(SLOW)


async def test_what_the_server_refuses_is_stated_by_the_driver(collection: Collection) -> None:
    wrong: dict[str, Any] = {"$unknown": 1}
    with pytest.raises(Exception, match="unknown top level operator"):
        await collection.find(wrong)
    assert len(collection._direct_finds._idle) == 1


async def test_without_connections_after_the_end(collection: Collection, client: Client) -> None:
    connections = list(collection._direct_finds._connections)
    await client.close()
    assert not any(connection.is_idle for connection in connections)
    assert not collection._direct_finds._connections


async def test_a_client_of_few_finds_has_no_connection(client: Client) -> None:
    for _ in range(3):
        await client.collection("rows").find({})
    assert client._direct_finds._opening is None
    assert not client._direct_finds._connections
