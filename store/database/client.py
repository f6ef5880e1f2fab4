"""The only module that imports a MongoDB driver: motor, or PyMongo's own asynchronous client, behind one face."""

import os

# Motor runs every command in a thread of this pool; with ten threads that tail streams, a query waited for a second.
os.environ.setdefault("MOTOR_MAX_WORKERS", "64")

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from inspect import isawaitable
from typing import Any, Literal

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
)
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

__all__ = [
    "ID_INDEX",
    "AutoReconnect",
    "BulkWriteError",
    "ChangeStream",
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
    "Session",
    "Timestamp",
    "UpdateMany",
    "UpdateOne",
    "new_object_id_hex",
    "open_admin_client",
    "operation_time",
    "time_limit",
]

Driver = Literal["motor", "pymongo"]
# MongoDB's own index of `_id`: with the partner in the query, it would weigh every index that begins with that.
ID_INDEX = "_id_"
Document = dict[str, Any]
Session = Any
Write = InsertOne[Document] | UpdateOne | UpdateMany | ReplaceOne[Document] | DeleteOne | DeleteMany
_MAJORITY: Mapping[str, Any] = {"w": "majority", "readConcernLevel": "majority", "retryWrites": True, "tz_aware": False}
# One that hangs is given up after this and `connectTimeoutMS`, and what waits for it is broken off: 12 s otherwise.
_HEARTBEAT_MS = 1000


def new_object_id_hex() -> str:
    """The 24 hexadecimal digits of a fresh ObjectId."""
    return str(ObjectId())


def operation_time(session: Session) -> int:
    """When the session's last operation took place, on the database's 64-bit cluster clock."""
    at: Timestamp = session.operation_time
    return int(at.time) << 32 | int(at.inc)


def time_limit(seconds: float) -> AbstractContextManager[None]:
    """Within it, whatever is asked of the database is answered, or broken off, before so many seconds have passed."""
    return pymongo.timeout(seconds)


def open_admin_client(uri: str) -> "pymongo.MongoClient[Document]":
    """A blocking client with short timeouts for the supervisor of the embedded MongoDB."""
    return pymongo.MongoClient(uri, directConnection=True, serverSelectionTimeoutMS=2000, connectTimeoutMS=1000)


class Client:
    """One connection pool and one database; `timeout_ms` bounds every command on both sides (none for streams).

    Where it is set it also bounds the search for a server: a request must know within 5 s that there is none.
    """

    def __init__(
        self,
        uri: str,
        database: str,
        *,
        driver: Driver = "motor",
        timeout_ms: int | None = 4500,
        server_selection_ms: int = 3000,
        **options: Any,
    ) -> None:
        found = {"serverSelectionTimeoutMS": server_selection_ms, "connectTimeoutMS": 2000}
        settings = {**_MAJORITY, **found, "heartbeatFrequencyMS": _HEARTBEAT_MS, **options}
        if timeout_ms is not None:
            settings["timeoutMS"] = timeout_ms
        kind: Any = motor.motor_asyncio.AsyncIOMotorClient if driver == "motor" else pymongo.AsyncMongoClient
        self.driver: Driver = driver
        self.database_name = database
        self._client = kind(uri, **settings)
        self._database = self._client[database]

    def collection(self, name: str) -> "Collection":
        """A collection by its name."""
        return Collection(self._database[name])

    async def command(self, command: Mapping[str, Any], *, admin: bool = False) -> Document:
        """One database command."""
        database = self._client["admin"] if admin else self._database
        return dict(await database.command(command))

    async def start_session(self) -> Session:
        """A causally consistent session; end it with `end_session`."""
        session = self._client.start_session(causal_consistency=True)
        return await session if self.driver == "motor" else session

    async def start_transaction(self, session: Session) -> None:
        """Begins a transaction with snapshot reads and majority writes."""
        begun = session.start_transaction(
            read_concern=ReadConcern("snapshot"),
            write_concern=WriteConcern("majority"),
            read_preference=ReadPreference.PRIMARY,
        )
        if self.driver == "pymongo":
            await begun

    def watch(self, collection: str, pipeline: Sequence[Mapping[str, Any]], **options: Any) -> "ChangeStream":
        """A change stream that is opened by its first read."""
        return ChangeStream(self._database[collection], pipeline, options)

    async def drop_database(self) -> None:
        """Drops everything; for tests and samples."""
        await self._client.drop_database(self.database_name)

    async def close(self) -> None:
        """Closes every connection."""
        closing = self._client.close()
        if self.driver == "pymongo":
            await closing


class Collection:
    """The verbs that the store uses; lists come back whole, so every caller bounds them."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.name: str = raw.name

    async def find(
        self,
        where: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
        *,
        sort: Sequence[tuple[str, int]] | None = None,
        limit: int = 0,
        hint: str | None = None,
        session: Session = None,
    ) -> list[Document]:
        """The matching documents, in order."""
        cursor = self._raw.find(where, projection, sort=sort, limit=limit, session=session, batch_size=max(limit, 1000))
        if hint is not None:
            cursor = cursor.hint(hint)
        found: list[Document] = await cursor.to_list(None)
        return found

    async def find_one(
        self, where: Mapping[str, Any], projection: Mapping[str, Any] | None = None, *, session: Session = None
    ) -> Document | None:
        """One matching document."""
        found: Document | None = await self._raw.find_one(where, projection, session=session)
        return found

    async def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], *, session: Session = None, **options: Any
    ) -> list[Document]:
        """The pipeline's whole result."""
        cursor = self._raw.aggregate(pipeline, session=session, **options)
        if not hasattr(cursor, "to_list"):
            cursor = await cursor
        found: list[Document] = await cursor.to_list(None)
        return found

    async def count(self, where: Mapping[str, Any], *, hint: str | None = None) -> int:
        """How many documents match."""
        # The command counts along the index by itself; the driver's count_documents groups all documents into one.
        command: Document = {"count": self.name, "query": where, "readConcern": {"level": "majority"}}
        if hint is not None:
            command["hint"] = hint
        return int((await self._raw.database.command(command))["n"])

    async def insert_many(self, documents: Sequence[Document], *, session: Session = None) -> None:
        """Inserts all of them in one command; nothing where the list is empty."""
        if documents:
            await self._raw.insert_many(documents, ordered=session is not None, session=session)

    async def bulk_write(self, writes: Sequence[Write], *, session: Session = None, ordered: bool = False) -> None:
        """Carries out all writes; nothing where the list is empty."""
        if writes:
            await self._raw.bulk_write(writes, ordered=ordered, session=session)

    async def update_one(
        self, where: Mapping[str, Any], change: Any, *, upsert: bool = False, session: Session = None
    ) -> int:
        """Changes one document; answers how many matched."""
        result = await self._raw.update_one(where, change, upsert=upsert, session=session)
        return int(result.matched_count)

    async def find_one_and_update(
        self, where: Mapping[str, Any], change: Any, *, upsert: bool = False, session: Session = None
    ) -> Document | None:
        """Changes one document and answers it as it is afterwards."""
        found: Document | None = await self._raw.find_one_and_update(
            where, change, upsert=upsert, return_document=ReturnDocument.AFTER, session=session
        )
        return found

    async def delete_many(self, where: Mapping[str, Any], *, session: Session = None) -> int:
        """Deletes what matches; answers how many."""
        return int((await self._raw.delete_many(where, session=session)).deleted_count)

    async def create_indexes(self, indexes: Sequence[IndexModel]) -> None:
        """Makes the indexes that are missing."""
        await self._raw.create_indexes(list(indexes))

    async def index_names(self) -> set[str]:
        """The names of the indexes that are there."""
        return set(await self._raw.index_information())


class ChangeStream:
    """A change stream over one collection; `open` is complete only when the server has answered."""

    def __init__(self, raw: Any, pipeline: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> None:
        self._raw = raw
        self._pipeline = pipeline
        self._options = options
        self._stream: Any = None

    async def open(self) -> list[Document]:
        """Opens the stream with one read; answers the changes that are there already."""
        stream = self._raw.watch(self._pipeline, **self._options)
        self._stream = stream if hasattr(stream, "try_next") else await stream
        return await self.next_batch()

    async def next_batch(self) -> list[Document]:
        """What the server's next answer brings, in order: nothing where it had none within max_await_time_ms.

        All but the first lie in the driver's memory. Asking motor for each would take a thread and some tenths of a
        millisecond apiece, and a bulk import writes thousands; so they are taken from the stream that it wraps.
        """
        first: Document | None = await self._stream.try_next()
        if first is None:
            return []
        inner: Any = getattr(self._stream, "delegate", self._stream)
        batch = [first]
        while inner._cursor._has_next():
            change = inner.try_next()
            batch.append(await change if isawaitable(change) else change)
        return batch

    @property
    def is_alive(self) -> bool:
        """False once the server closed the stream (its collection was dropped): reads would answer nothing at once."""
        return bool(self._stream.alive)

    @property
    def resume_token(self) -> Document | None:
        """The token behind what was read last; a batch's own where it was empty."""
        token: Document | None = self._stream.resume_token
        return token

    async def close(self) -> None:
        """Ends the stream on the server."""
        if self._stream is not None:
            await self._stream.close()
