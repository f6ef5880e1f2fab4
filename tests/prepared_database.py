"""Databases with every collection and index, which the tests and servers of one worker use in turn, each time empty.

To create the 57 collections with their 134 indexes takes 0.6 s of processor time, which is more than most tests of the
store; to delete some documents takes 0.02 s.
"""

import asyncio
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from pymongo import MongoClient
from pymongo.database import Database

from store.database.client import Client
from store.database.open_transactions import abort_orphaned_transactions
from store.indexes import ensure_indexes

# To delete more documents of a collection than this, with all their index keys, takes longer than to create the
# collection again (0.1 s): 1,500 take 0.15 s, 5,000 take 0.8 s.
MAX_DELETED_DOCUMENTS = 1_000
Structure = Mapping[str, Any]
# The options without the collection's UUID: a collection that a test drops and creates again alike is no change.
_CATALOG: list[dict[str, Any]] = [
    {"$listCatalog": {}},
    {"$project": {"db": 1, "name": 1, "md.options": 1, "md.indexes.spec": 1}},
    {"$unset": "md.options.uuid"},
]
_COUNT: list[dict[str, Any]] = [{"$collStats": {"count": {}}}]
_OPEN_TRANSACTIONS: list[dict[str, Any]] = [
    {"$currentOp": {"idleSessions": True}},
    {"$match": {"type": "idleSession", "transaction": {"$exists": True}}},
]


def abort_left_transactions(client: MongoClient[dict[str, Any]], mongo_uri: str) -> None:
    """Abort the transactions of killed processes, which would delay the drop of their database for up to 60 s."""
    for _ in range(10):
        if not list(client.admin.aggregate(_OPEN_TRANSACTIONS)):
            return
        asyncio.run(_abort_orphaned_transactions(mongo_uri))
        time.sleep(0.1)


async def _abort_orphaned_transactions(mongo_uri: str) -> None:
    client = Client(mongo_uri, "admin")
    try:
        await abort_orphaned_transactions(client)
    finally:
        await client.close()


class PreparedDatabases:
    """The databases on the worker's mongod: as many as tests and the servers of modules use at one time."""

    def __init__(self, client: MongoClient[dict[str, Any]], mongo_uri: str) -> None:
        self.mongo_uri = mongo_uri
        self._client = client
        self._free: list[PreparedDatabase] = []

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Yield the name of an empty database, which nobody else uses until the block ends."""
        database = self._free.pop() if self._free else PreparedDatabase(self._client, self.mongo_uri)
        yield database.prepare()
        database.clear()
        self._free.append(database)

    def drop(self) -> None:
        """Drop all of them."""
        while self._free:
            self._free.pop().drop()


class PreparedDatabase:
    """One database on the worker's mongod; `prepare` before a test, `clear` after it."""

    def __init__(self, client: MongoClient[dict[str, Any]], mongo_uri: str) -> None:
        self._client, self._uri = client, mongo_uri
        self._name: str | None = None
        self._is_complete = False
        self._structure: Structure = {}

    def prepare(self) -> str:
        """Return the name of the database; create what is missing of it."""
        if self._name is None:
            self._name = f"test_{uuid4().hex[:16]}"
        if not self._is_complete:
            asyncio.run(self._create(self._name))
            self._structure = self._read_structure(self._name)
            self._is_complete = True
        return self._name

    async def _create(self, name: str) -> None:
        client = Client(self._uri, name)
        try:
            await ensure_indexes(client)
        finally:
            await client.close()

    def clear(self) -> None:
        """Delete all documents; drop the collections that a test changed, and those where that is faster."""
        if self._name is None:
            return
        abort_left_transactions(self._client, self._uri)
        database = self._client[self._name]
        found = self._read_structure(self._name)
        kept = {name for name in found if found[name] == self._structure.get(name)}
        counts = self._count_documents(database, kept)
        kept -= {name for name, count in counts.items() if count > MAX_DELETED_DOCUMENTS}
        for name in found.keys() - kept:
            database.drop_collection(name)
        for name in kept:
            if counts[name]:
                database[name].delete_many({})
        self._is_complete = self._is_complete and kept == self._structure.keys()

    def drop(self) -> None:
        """Drop the database; the next `prepare` creates another."""
        if self._name is not None:
            self._client.drop_database(self._name)
            self._name, self._is_complete = None, False

    def _read_structure(self, name: str) -> Structure:
        """Return the options and the indexes of each collection; one command, where the driver's way takes 30."""
        return {
            one["name"]: one["md"] for one in self._client["admin"].aggregate([*_CATALOG, {"$match": {"db": name}}])
        }

    def _count_documents(self, database: Database[dict[str, Any]], names: Collection[str]) -> dict[str, int]:
        """Return the number of documents of each of the collections, by one command."""
        if not names:
            return {}
        first, *others = names
        unions = [{"$unionWith": {"coll": name, "pipeline": _COUNT}} for name in others]
        counts = database[first].aggregate([*_COUNT, *unions])
        return {count["ns"].partition(".")[2]: count["count"] for count in counts}
