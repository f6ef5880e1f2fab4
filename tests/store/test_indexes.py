"""Collections, validators and indexes are created once; later starts wait for no transaction."""

import asyncio

from domain.types import PartnerRole
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.indexes import COLLECTIONS, ensure_indexes, missing_indexes
from tests.api_server import administrator_document


async def _read_validator(client: Client, name: str) -> object:
    reply = await client.command({"listCollections": 1, "filter": {"name": name}})
    return reply["cursor"]["firstBatch"][0]["options"].get("validator")


async def test_a_complete_database_is_not_locked(client: Client) -> None:
    scope = Scope(client, "acme", utc_now())
    session = await client.start_session()
    await client.start_transaction(session)
    for name in COLLECTIONS:
        # A read also holds a lock of its collection until the transaction ends.
        await client.collection(name).find_one(scope.match(), session=session)
    administrator = administrator_document(scope, PartnerRole.FULL_ADMINISTRATOR)
    await client.collection("administrators").insert_many([administrator], session=session)
    # An exclusive lock would wait for the transaction, until the command fails after 4.5 s.
    await ensure_indexes(client)
    await session.abort_transaction()
    await client.end_session(session)


async def test_restores_a_missing_collection_and_a_changed_validator(client: Client) -> None:
    expected = await _read_validator(client, "tags")
    await client.command({"collMod": "tags", "validator": {}})
    await client.command({"drop": "resources"})
    assert [name for name in await missing_indexes(client) if not name.startswith("resources.")] == []
    await asyncio.gather(ensure_indexes(client), ensure_indexes(client))
    assert await missing_indexes(client) == []
    assert await _read_validator(client, "tags") == expected
    assert await _read_validator(client, "resources") == expected
