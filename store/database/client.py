"""The client of MongoDB, over motor or over PyMongo's asynchronous client.

This is the only module that imports a driver. It hides the differences of the two: which methods are coroutines,
sessions, change streams and close. tests/store/database runs on both.
"""

import os

# Motor runs every command in a thread of this pool. With ten streams and the default size, a query waited 1 s.
os.environ.setdefault("MOTOR_MAX_WORKERS", "64")

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Literal, TypeVar, Unpack

import motor.motor_asyncio
import pymongo
from bson import ObjectId
from bson.timestamp import Timestamp
from pymongo import DeleteMany, DeleteOne, IndexModel, InsertOne, ReplaceOne, ReturnDocument, UpdateMany, UpdateOne
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.monitoring import CommandListener, ConnectionPoolListener, TopologyListener
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from store.database.change_stream import ChangeStream
from store.database.driver_events.command_spans import CommandSpans, is_tracing
from store.database.driver_events.outages import Outages
from store.database.driver_events.pool_metrics import PoolMetrics
from store.database.driver_sessions import end_session, start_session
from store.database.find_commands import FindCommands
from store.database.find_options import FindOptions, open_cursor
from store.database.joint_finds import EqualFinds, JointFinds
from store.database.kept_documents import Keepable, KeptDocuments
from store.database.repeat_turns import RepeatTurns

__all__ = [
    "ID_INDEX",
    "AutoReconnect",
    "BulkWriteError",
    "Client",
    "Collection",
    "ConnectionFailure",
    "DeleteMany",
    "DeleteOne",
    "Document",
    "DuplicateKeyError",
    "ExecutionTimeout",
    "IndexModel",
    "InsertOne",
    "OperationFailure",
    "PyMongoError",
    "ReplaceOne",
    "ServerSelectionTimeoutError",
    "Session",
    "Timestamp",
    "UpdateMany",
    "UpdateOne",
    "new_object_id_hex",
    "open_admin_client",
    "time_limit",
]

Driver = Literal["motor", "pymongo"]
# The name of MongoDB's index of `_id`, as a hint: without it, a query with `_id` and partner considers all indexes.
ID_INDEX = "_id_"
IDS_PER_BATCH = 10_000
Document = dict[str, Any]
Session = Any
Kept = TypeVar("Kept", bound=Keepable)
Write = InsertOne[Document] | UpdateOne | UpdateMany | ReplaceOne[Document] | DeleteOne | DeleteMany
_MAJORITY: Mapping[str, Any] = {"w": "majority", "readConcernLevel": "majority", "retryWrites": True, "tz_aware": False}
# A server that hangs is detected after this plus `connectTimeoutMS`, 3 s together; with the defaults after 12 s.
_HEARTBEAT_MS = 1000


def new_object_id_hex() -> str:
    """Return the 24 hexadecimal digits of a new ObjectId."""
    return str(ObjectId())


def time_limit(seconds: float) -> AbstractContextManager[None]:
    """Return a context manager: the commands inside it fail with a timeout after `seconds` in total."""
    return pymongo.timeout(seconds)


def open_admin_client(uri: str) -> "pymongo.MongoClient[Document]":
    """Return a blocking client with short timeouts, for the supervisor of the embedded MongoDB."""
    return pymongo.MongoClient(uri, directConnection=True, serverSelectionTimeoutMS=2000, connectTimeoutMS=1000)


class _PoolListener(PoolMetrics, ConnectionPoolListener):
    """Counts the events of a client's connections."""


class _CommandListener(CommandSpans, CommandListener):
    """Records a client's commands as spans."""


class _TopologyListener(Outages, TopologyListener):
    """Knows when a client's database is away."""


class Client:
    """A connection pool and one database.

    `timeout_ms` limits every command with the selection of its server, in the server also, where a cancelled one would
    run on; None, for change streams, is no limit. `notices_outages` fills `outages`; `close` then takes up to 0.5 s.
    """

    def __init__(
        self,
        uri: str,
        database: str,
        *,
        driver: Driver = "motor",
        timeout_ms: int | None = 4500,
        server_selection_ms: int = 3000,
        notices_outages: bool = False,
        **options: Any,
    ) -> None:
        timeouts = {"serverSelectionTimeoutMS": server_selection_ms, "connectTimeoutMS": 2000}
        settings = {"heartbeatFrequencyMS": _HEARTBEAT_MS, "timeoutMS": timeout_ms, **_MAJORITY, **timeouts, **options}
        self.outages = _TopologyListener()
        listeners = [_PoolListener(), *([self.outages] if notices_outages else []), *options.get("event_listeners", ())]
        settings["event_listeners"] = [*listeners, *([_CommandListener()] if is_tracing() else [])]
        kind: Any = motor.motor_asyncio.AsyncIOMotorClient if driver == "motor" else pymongo.AsyncMongoClient
        self.driver: Driver = driver
        self.database_name = database
        self._client = kind(uri, **settings)
        self._database = self._client[database]
        # Making one takes as long as a fifth of a query. The names are those of the store, so that there are few.
        self._collections: dict[str, Collection] = {}
        # The cluster time of the latest transaction that this client has committed.
        self.last_commit = 0
        self.repeat_turns = RepeatTurns()

    def collection(self, name: str) -> "Collection":
        """Return the collection of this name."""
        collection = self._collections.get(name)
        if collection is None:
            collection = self._collections[name] = Collection(self._database[name])
        return collection

    async def command(self, command: Mapping[str, Any], *, database: str | None = None) -> Document:
        """Run a command on the database, or on another one; return its reply."""
        return dict(await (self._database if database is None else self._client[database]).command(command))

    async def start_session(self) -> Session:
        """Return a causally consistent session; pass it to `end_session` at last."""
        return start_session(self._client, is_motor=self.driver == "motor")

    async def end_session(self, session: Session) -> None:
        """End the session, which aborts its open transaction."""
        await end_session(session, is_motor=self.driver == "motor")

    async def start_transaction(self, session: Session) -> None:
        """Start a transaction with snapshot reads and majority writes."""
        starting = session.start_transaction(
            read_concern=ReadConcern("snapshot"),
            write_concern=WriteConcern("majority"),
            read_preference=ReadPreference.PRIMARY,
        )
        if self.driver == "pymongo":
            await starting

    def watch(self, collection: str, pipeline: Sequence[Mapping[str, Any]], **options: Any) -> ChangeStream:
        """Return a change stream; `open` opens it."""
        return ChangeStream(self._database[collection], pipeline, options)

    async def drop_database(self) -> None:
        """Drop the database; for tests and samples."""
        await self._client.drop_database(self.database_name)

    async def close(self) -> None:
        """Close every connection."""
        closing = self._client.close()
        if self.driver == "pymongo":
            await closing


class Collection:
    """The operations that the store uses. Results are read completely into lists, so every caller limits them."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.name: str = raw.name
        self._joint_finds, self._equal_finds = JointFinds(), EqualFinds()
        self._finds = FindCommands(raw, (AutoReconnect, OperationFailure))

    async def find(
        self, where: Mapping[str, Any], projection: Mapping[str, Any] | None = None, **options: Unpack[FindOptions]
    ) -> list[Document]:
        """Return the matching documents."""
        return await self._finds.find(where, projection, **options)

    async def find_kept(
        self,
        kept: KeptDocuments[Kept],
        where: Mapping[str, Any],
        projection: Mapping[str, Any],
        **options: Unpack[FindOptions],
    ) -> list[Kept]:
        """Return what `find` returns, each document as the one that is kept of its bytes; equal finds may be one."""
        find = partial(self._finds.find_raw, where, projection, **options)
        return await self._equal_finds.find_kept(kept, find, (where, projection, options))

    async def find_ids(
        self, where: Mapping[str, Any], *, batch_size: int = IDS_PER_BATCH, **options: Unpack[FindOptions]
    ) -> list[str]:
        """Return the ids of the matching documents, in the order of the index; documents are held for one batch only.

        An id takes 85 bytes, as a document 400.
        """
        cursor = open_cursor(self._raw.find, where, {"_id": 1}, **options).batch_size(batch_size)
        ids: list[str] = []
        while documents := await cursor.to_list(batch_size):
            ids.extend([document["_id"] for document in documents])
        return ids

    async def find_by_ids(
        self, where: Mapping[str, Any], ids: Sequence[str], projection: Mapping[str, Any] | None = None
    ) -> list[Document]:
        """Return the documents with these ids that match, in any order; equal finds of a turn are one command."""
        return await self._joint_finds.find_by_ids(self.find, where, ids, projection)

    async def find_one(
        self, where: Mapping[str, Any], projection: Mapping[str, Any] | None = None, *, session: Session = None
    ) -> Document | None:
        """Return one matching document, or None."""
        return next(iter(await self.find(where, projection, limit=1, session=session)), None)

    async def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], *, session: Session = None, **options: Any
    ) -> list[Document]:
        """Return all documents of the pipeline's result."""
        cursor = self._raw.aggregate(pipeline, session=session, **options)
        if not hasattr(cursor, "to_list"):
            cursor = await cursor
        return list(await cursor.to_list(None))

    async def count(self, where: Mapping[str, Any], *, hint: str | None = None) -> int:
        """Return the number of matching documents."""
        # The `count` command can count index keys; the driver's count_documents runs a `$group` over all documents.
        command: Document = {"count": self.name, "query": where, "readConcern": {"level": "majority"}}
        if hint is not None:
            command["hint"] = hint
        return int((await self._raw.database.command(command))["n"])

    async def insert_many(self, documents: Sequence[Document], *, session: Session = None) -> None:
        """Insert all documents in one command; do nothing for an empty list."""
        if documents:
            await self._raw.insert_many(documents, ordered=session is not None, session=session)

    async def bulk_write(self, writes: Sequence[Write], *, session: Session = None, ordered: bool = False) -> int:
        """Run all writes in one command, none for an empty list; return how many documents updates matched."""
        result = await self._raw.bulk_write(writes, ordered=ordered, session=session) if writes else None
        return 0 if result is None else int(result.matched_count)

    async def update_one(
        self, where: Mapping[str, Any], change: Any, *, upsert: bool = False, session: Session = None
    ) -> int:
        """Update one document; return how many matched."""
        return int((await self._raw.update_one(where, change, upsert=upsert, session=session)).matched_count)

    async def find_one_and_update(
        self, where: Mapping[str, Any], change: Any, *, upsert: bool = False, session: Session = None
    ) -> Document | None:
        """Update one document and return it as it is afterwards; None where none matched."""
        document: Document | None = await self._raw.find_one_and_update(
            where, change, upsert=upsert, return_document=ReturnDocument.AFTER, session=session
        )
        return document

    async def delete_many(self, where: Mapping[str, Any], *, session: Session = None) -> int:
        """Delete the matching documents; return how many."""
        return int((await self._raw.delete_many(where, session=session)).deleted_count)

    async def create_indexes(self, indexes: Sequence[IndexModel]) -> None:
        """Create the indexes that are missing."""
        await self._raw.create_indexes(list(indexes))

    async def index_names(self) -> set[str]:
        """Return the names of the existing indexes."""
        return set(await self._raw.index_information())
