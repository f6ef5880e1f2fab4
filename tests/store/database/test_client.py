"""Each method of the client and of a collection does the same on both drivers."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from store.database.client import (
    Client,
    Collection,
    DuplicateKeyError,
    IndexModel,
    InsertOne,
    Session,
    UpdateOne,
)
from store.database.driver_sessions import operation_time
from store.database.kept_documents import KeptDocuments
from store.database.stored_fields import StoredDocument

ROWS = [{"_id": number, "group": number % 2} for number in range(4)]


async def rows(client: Client) -> Collection:
    """Return a collection with four documents."""
    collection = client.collection("rows")
    await collection.insert_many([])
    await collection.insert_many(ROWS)
    return collection


async def check_reads(client: Client) -> None:
    collection = await rows(client)
    found = await collection.find({"group": 1}, {"_id": 1}, sort=[("_id", -1)], limit=1, hint="_id_")
    assert found == [{"_id": 3}]
    assert await collection.find({}, sort=[("_id", 1)]) == ROWS
    kept = KeptDocuments(StoredDocument)
    for _ in range(2):
        documents = await collection.find_kept(kept, {"group": 1}, {"_id": 1}, sort=[("_id", -1)], hint="_id_")
        assert [each.document for each in documents] == [{"_id": 3}, {"_id": 1}]
    assert await collection.find_kept(kept, {}, {"_id": 1}, limit=1) == [StoredDocument({"_id": 0})]
    ids = cast(list[Any], await collection.find_ids({"group": 0}, hint="_id_", batch_size=1))
    assert sorted(ids) == [0, 2]
    assert await collection.find_ids({"group": 7}) == []
    assert await collection.find_by_ids({"group": 1}, cast(list[str], [1, 2])) == [{"_id": 1, "group": 1}]
    assert await collection.find_one({"_id": 2}, {"group": 1}) == {"_id": 2, "group": 0}
    assert await collection.find_one({"_id": 9}) is None
    sums: list[dict[str, Any]] = [{"$group": {"_id": "$group", "sum": {"$sum": "$_id"}}}, {"$sort": {"_id": 1}}]
    assert await collection.aggregate(sums, allowDiskUse=False) == [{"_id": 0, "sum": 2}, {"_id": 1, "sum": 4}]
    assert await collection.count({"group": 1}) == 2
    assert await collection.count({"_id": {"$gt": 0}}, hint="_id_") == 3


async def check_writes(client: Client) -> None:
    collection = await rows(client)
    assert await collection.bulk_write([]) == 0
    assert await collection.bulk_write([InsertOne({"_id": 4}), InsertOne({"_id": 5})], ordered=True) == 0
    assert await collection.bulk_write([UpdateOne({"_id": id_}, {"$set": {"group": 6}}) for id_ in (4, 9)]) == 1
    assert await collection.update_one({"_id": 4}, {"$set": {"group": 7}}) == 1
    assert await collection.update_one({"_id": 6}, {"$set": {"group": 7}}, upsert=True) == 0
    assert await collection.find_one_and_update({"_id": 4}, {"$inc": {"group": 1}}) == {"_id": 4, "group": 8}
    assert await collection.find_one_and_update({"_id": 9}, {"$inc": {"group": 1}}) is None
    assert await collection.delete_many({"_id": {"$gte": 4}}) == 3
    with pytest.raises(DuplicateKeyError):
        await collection.update_one({"_id": 0, "group": 5}, {"$set": {"group": 5}}, upsert=True)


async def change_in_transaction(collection: Collection, session: Session) -> None:
    await collection.insert_many([{"_id": 8}], session=session)
    await collection.bulk_write([InsertOne({"_id": 9})], session=session)
    await collection.update_one({"_id": 8}, {"$set": {"group": 1}}, session=session)
    assert await collection.find_one_and_update({"_id": 9}, {"$set": {"group": 1}}, session=session)
    assert await collection.delete_many({"_id": 0}, session=session) == 1
    assert len(await collection.find({}, session=session)) == 5
    assert await collection.find_one({"_id": 0}, session=session) is None
    assert await collection.aggregate([{"$count": "n"}], session=session) == [{"n": 5}]
    assert await collection.find({}, sort=[("_id", 1)]) == ROWS
    assert operation_time(session) > 0


async def check_transactions(client: Client) -> None:
    collection = await rows(client)
    session = await client.start_session()
    await client.start_transaction(session)
    await change_in_transaction(collection, session)
    await session.abort_transaction()
    await client.end_session(session)
    assert await collection.count({}) == 4
    session = await client.start_session()
    await client.start_transaction(session)
    await collection.insert_many([{"_id": 8}], session=session)
    # It aborts the open transaction: its document can be written at once by another one.
    await client.end_session(session)
    assert await collection.update_one({"_id": 8}, {"$set": {"group": 1}}, upsert=True) == 0


async def check_commands(client: Client) -> None:
    collection = await rows(client)
    assert (await client.command({"ping": 1}))["ok"] == 1
    assert "setName" in await client.command({"hello": 1}, database="admin")
    await collection.create_indexes([IndexModel([("group", 1)], name="by_group")])
    assert await collection.index_names() == {"_id_", "by_group"}
    assert client.collection("rows") is collection


async def check_streams(client: Client) -> None:
    collection = await rows(client)
    stream = client.watch("rows", [{"$match": {"operationType": "insert"}}], max_await_time_ms=100)
    assert await stream.open() == []
    await collection.insert_many([{"_id": 8}, {"_id": 9}])
    changes: list[int] = []
    async with asyncio.timeout(60):
        while len(changes) < 2:
            changes += [change["documentKey"]["_id"] for change in await stream.next_batch()]
    assert changes == [8, 9]
    await stream.close()


async def check_drop_and_close(client: Client) -> None:
    collection = await rows(client)
    await client.drop_database()
    assert await collection.count({}) == 0
    await client.close()


CHECKS = [check_reads, check_writes, check_transactions, check_commands, check_streams, check_drop_and_close]


@pytest.mark.parametrize("check", CHECKS)
async def test_both_drivers_do_the_same(check: Callable[[Client], Awaitable[None]], client: Client) -> None:
    await check(client)


@pytest.mark.parametrize("kind", [Client, Collection])
def test_every_method_is_tested_on_both(kind: type) -> None:
    text = inspect.getsource(change_in_transaction) + "".join(inspect.getsource(check) for check in [rows, *CHECKS])
    methods = [name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")]
    assert [name for name in methods if f".{name}(" not in text] == []
