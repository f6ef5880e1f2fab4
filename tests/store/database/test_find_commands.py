"""A find as one command returns what a cursor of the driver returns, on both drivers."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import pytest
from bson import decode, encode
from pymongo import MongoClient

from store.database.client import Client, OperationFailure
from store.database.find_commands import FindCommands, read_first_batch
from tests.mongod import Mongod, temporary_replica_set

NOON = datetime(2026, 11, 30, 12)
ROWS: list[dict[str, Any]] = [
    {"_id": f"id{number}", "group": number % 3, "at": NOON if number % 2 else None, "lines": [{"n": number}] * number}
    for number in range(12)
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"limit": 5},
    {"limit": 5, "skip": 3},
    {"sort": [("group", -1), ("_id", 1)]},
    {"sort": [("group", 1), ("_id", -1)], "limit": 7, "hint": "_id_"},
    {"sort": [], "limit": 1_000, "hint": None, "session": None},
    {"limit": 1_001},
]
# Closed connections, and codes after which a driver reads again.
FAILURES: list[dict[str, Any]] = [{"closeConnection": True}, {"errorCode": 11602}, {"errorCode": 89}]


@pytest.fixture(scope="module")
def failing_mongod() -> Iterator[Mongod]:
    """Yield a mongod of which commands can be made to fail."""
    with temporary_replica_set(options=["--setParameter", "enableTestCommands=1"]) as (mongod,):
        yield mongod


@pytest.fixture(params=["motor", "pymongo"])
async def failing_client(failing_mongod: Mongod, request: Any) -> AsyncIterator[Client]:
    """Yield a client of it."""
    client = Client(failing_mongod.uri, f"finds_{request.param}", driver=request.param)
    yield client
    await client.close()


def finds_of(client: Client) -> FindCommands:
    return client.collection("rows")._finds


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("projection", [None, {}, {"_id": 1}, {"at": 1, "lines.n": 1}])
async def test_finds_what_a_cursor_finds(
    client: Client, mongo_uri: str, options: dict[str, Any], projection: dict[str, int] | None
) -> None:
    finds, where = finds_of(client), {"group": {"$ne": 1}}
    with MongoClient[dict[str, Any]](mongo_uri) as mongo:
        rows = mongo[client.database_name]["rows"]
        rows.insert_many(ROWS)
        expected = list(rows.find(where, projection, **{"hint": None, **options}))
    assert expected
    assert await finds.find(where, projection, **options) == expected
    raw = await finds.find_raw(where, {} if projection is None else projection, **options)
    assert [decode(document) for document in raw] == expected


async def test_a_find_of_more_bytes_than_a_reply_can_have_is_read_on(client: Client, mongo_uri: str) -> None:
    finds = finds_of(client)
    with MongoClient[dict[str, Any]](mongo_uri) as mongo:
        rows = mongo[client.database_name]["rows"]
        rows.insert_many([{"_id": number, "text": "x" * 3_000_000} for number in range(8)])
        found = await finds.find({}, {"text": 1}, limit=8, sort=[("_id", 1)])
        raw = await finds.find_raw({}, {"text": 1}, sort=[("_id", 1)])
        idle: list[dict[str, Any]] = [
            {"$currentOp": {"allUsers": True, "idleCursors": True}},
            {"$match": {"type": "idleCursor"}},
        ]
        left = [each for each in mongo.admin.aggregate(idle) if each["ns"] == f"{client.database_name}.rows"]
    assert [each["_id"] for each in found] == [decode(each)["_id"] for each in raw] == list(range(8))
    assert left == []


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_find_is_repeated_after_a_lost_connection(
    failing_client: Client, failing_mongod: Mongod, failure: dict[str, Any]
) -> None:
    finds = finds_of(failing_client)
    with MongoClient[dict[str, Any]](failing_mongod.uri) as mongo:
        mongo[failing_client.database_name]["rows"].replace_one({"_id": 1}, {"_id": 1}, upsert=True)
        for find in (lambda: finds.find({}, limit=1), lambda: finds.find_raw({}, {"_id": 1})):
            failing = {"failCommands": ["find"], **failure}
            before = mongo.admin.command("configureFailPoint", "failCommand", mode={"times": 1}, data=failing)["count"]
            assert len(await find()) == 1
            assert mongo.admin.command("configureFailPoint", "failCommand", mode="off")["count"] > before


async def test_a_find_that_cannot_succeed_fails(client: Client) -> None:
    for finding in (finds_of(client).find({"$no": 1}, limit=1), finds_of(client).find_raw({"$no": 1}, {"_id": 1})):
        with pytest.raises(OperationFailure, match="unknown top level operator"):
            await finding


@pytest.mark.parametrize(
    "cursor",
    [{"id": 0, "firstBatch": []}, {"firstBatch": [1], "id": 0}, {"firstBatch": [{}], "ns": "a.b", "id": 0}, {}],
)
def test_another_form_of_reply_is_left_to_the_driver(cursor: dict[str, Any]) -> None:
    assert read_first_batch(encode(cursor)) is None
