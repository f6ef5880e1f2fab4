"""Finds on connections of our own, within the event loop.

A find by either driver takes some 450 µs of processor time: a thread or three tasks, a session, the choice of a server,
a cursor. A command that is written to a connection, whose reply wakes its reader, takes a fifth of that.

PyMongo opens and authenticates the connections, its monitor knows the primary, and its functions encode commands. It is
pinned, because this module uses its internals. The driver itself reads wherever anything is unusual: there is a time
limit, a listener of commands, another event loop, no free connection, no primary. It also repeats what failed here,
in the time that remains.
"""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, NamedTuple

from bson import _convert_raw_document_lists_to_streams, decode
from bson.codec_options import DEFAULT_CODEC_OPTIONS
from pymongo import _csot, timeout
from pymongo.asynchronous.pool import Pool
from pymongo.errors import ExecutionTimeout, NetworkTimeout, PyMongoError
from pymongo.helpers_shared import _check_command_response
from pymongo.message import _op_msg, _OpMsg
from pymongo.server_type import SERVER_TYPE
from pymongo.topology_description import TOPOLOGY_TYPE

from store.database.find_options import BATCH_SIZE, FindOptions, open_cursor

Document = dict[str, Any]
MAX_CONNECTIONS = 10
# Clients of a few commands, as those of the command line and of tests, need no connection besides the driver's.
MIN_FINDS = 50
# After a connection could not be opened.
_PAUSE_SECONDS = 5.0
# How often a find that waits looks whether its server is still the primary.
_CHECK_SECONDS = 0.5
# The server ends a find at its time limit; its answer may take this long.
_ANSWER_SECONDS = 0.25
_DOCUMENTS = {"cursor": {"firstBatch": 1, "nextBatch": 1}}
_READ_CONCERN: Document = {"readConcern": {"level": "majority"}}
_HEADER_BYTES, _BODY_START = 16, 21
_PRIMARY_TYPES = {SERVER_TYPE.RSPrimary, SERVER_TYPE.Standalone}
_TOPOLOGY_TYPES = {TOPOLOGY_TYPE.Single, TOPOLOGY_TYPE.ReplicaSetWithPrimary}


class Find(NamedTuple):
    """What a find reads; where it `is_raw`, its results are batches of encoded documents."""

    where: Mapping[str, Any]
    projection: Mapping[str, Any] | None
    options: FindOptions
    is_raw: bool = False

    async def run_by_driver(self, collection: Any) -> list[Any]:
        """Return the results that the driver reads."""
        find = collection.find_raw_batches if self.is_raw else collection.find
        results: list[Any] = await open_cursor(find, self.where, self.projection, **self.options).to_list(None)
        return results

    def command(self, collection: str, seconds: float) -> Document:
        """Return the command that the driver would send."""
        sort, limit = self.options.get("sort"), self.options.get("limit", 0)
        command = {"find": collection, "filter": self.where, "batchSize": max(limit, BATCH_SIZE), **_READ_CONCERN}
        command["maxTimeMS"] = int(seconds * 1000)
        if self.projection is not None:
            command["projection"] = self.projection
        if sort:
            command["sort"] = dict(sort)
        if limit:
            command["limit"] = limit
        if self.options.get("hint") is not None:
            command["hint"] = self.options["hint"]
        return command


class _Interrupted(Exception):
    """A find that failed on its connection."""


class DirectFinds:
    """The connections of one client to the primary; `client` is PyMongo's."""

    def __init__(self, client: Any, database: str, timeout_ms: int | None) -> None:
        self._client, self._database, self._seconds = client, database, (timeout_ms or 0) / 1000
        self._options: Any = client.options.pool_options
        self._is_possible = bool(timeout_ms) and not self._options._event_listeners.enabled_for_commands
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connections: set[_Connection] = set()
        self._idle: list[_Connection] = []
        self._opening: asyncio.Task[None] | None = None
        self._opens_at, self._refused = 0.0, 0
        self._description: Any = None
        self._primary: Any = None

    async def find(self, collection: Any, find: Find) -> list[Any]:
        """Return the results of a find on a collection of the driver."""
        is_usual = self._is_possible and find.options.get("session") is None and _csot.get_timeout() is None
        connection = self._take() if is_usual else None
        if connection is None:
            return await find.run_by_driver(collection)
        ends_at = monotonic() + self._seconds
        try:
            return await self._find_on(connection, find, collection.name, ends_at)
        except _Interrupted:
            with timeout(max(0.001, ends_at - monotonic())):
                return await find.run_by_driver(collection)

    async def _find_on(self, connection: "_Connection", find: Find, collection: str, ends_at: float) -> list[Any]:
        self._watch(connection, ends_at + _ANSWER_SECONDS)
        try:
            return await _run(connection, self._database, find.command(collection, self._seconds), find.is_raw)
        except (ExecutionTimeout, NetworkTimeout):
            raise
        except (OSError, PyMongoError):
            raise _Interrupted from None
        finally:
            connection.timer.cancel()
            if connection.is_idle:
                self._idle.append(connection)
            else:
                # A reply may still come after a cancellation.
                connection.fail(ConnectionResetError())

    async def close(self) -> None:
        """Close the connections."""
        self._is_possible = False
        if self._loop is not asyncio.get_running_loop():
            return
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        for connection in self._connections:
            connection.fail(ConnectionResetError())
        # Until the event loop has told them.
        await asyncio.sleep(0)

    def _take(self) -> "_Connection | None":
        """Take a free connection; None where there is none."""
        if not self._knows_primary() or asyncio.get_running_loop() is not self._loop:
            return None
        while self._idle:
            connection = self._idle.pop()
            if connection.is_idle and connection.address == self._primary:
                return connection
            connection.fail(ConnectionResetError())
        self._refused += 1
        has_room = self._opening is None and len(self._connections) < MAX_CONNECTIONS
        if has_room and self._refused > MIN_FINDS and monotonic() >= self._opens_at:
            self._opening = self._loop.create_task(self._open(self._primary), name="direct finds")
        return None

    def _knows_primary(self) -> bool:
        """Read what the driver knows of its servers; its description is another object after each change."""
        topology = self._client._topology
        description = None if topology is None else topology._description
        if description is not self._description:
            self._loop = self._loop or asyncio.get_running_loop()
            self._description, self._primary = description, _find_primary(description)
        return self._primary is not None

    async def _open(self, address: Any) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                raw: Any = await Pool(address, self._options).connect()
            connection = _Connection(raw, address, self._connections.discard)
            self._connections.add(connection)
            self._idle.append(connection)
            # Its commands would have to be compressed.
            self._is_possible = self._is_possible and raw.compression_context is None
        except (OSError, PyMongoError):
            self._opens_at = monotonic() + _PAUSE_SECONDS
        finally:
            self._opening = None

    def _watch(self, connection: "_Connection", ends_at: float) -> None:
        """End a find whose answer is late, or whose server is no longer the primary."""

        def check() -> None:
            if monotonic() >= ends_at:
                connection.fail(NetworkTimeout("The database did not answer in time."))
            elif not self._knows_primary() or connection.address != self._primary:
                connection.fail(ConnectionResetError())
            else:
                self._watch(connection, ends_at)

        connection.timer = connection.loop.call_later(_CHECK_SECONDS, check)


class _Connection(asyncio.Protocol):
    """An authenticated connection; it runs one command at a time."""

    timer: asyncio.TimerHandle

    def __init__(self, raw: Any, address: Any, on_lost: Callable[["_Connection"], None]) -> None:
        self.address, self.loop = address, asyncio.get_running_loop()
        self._raw, self._on_lost = raw, on_lost
        self._reply: asyncio.Future[bytearray] | None = None
        self._received, self._is_open = bytearray(), True
        self._transport = raw.conn.conn[0]
        self._transport.set_protocol(self)
        self._transport.resume_reading()

    @property
    def is_idle(self) -> bool:
        """Whether it can run a command."""
        return self._is_open and self._reply is None

    async def run(self, database: str, command: Document, is_raw: bool) -> Document:
        """Return the reply of the server, whose documents are encoded if it `is_raw`; raise what it says is wrong."""
        request_id, message, _, _ = _op_msg(0, command, database, None, DEFAULT_CODEC_OPTIONS)
        self._reply = self.loop.create_future()
        self._transport.write(message)
        reply = await self._reply
        self._reply = None
        if int.from_bytes(reply[8:12], "little") != request_id:
            self.fail(ConnectionResetError())
            raise ConnectionResetError
        document = _decode_raw(reply) if is_raw else decode(reply[_BODY_START:])
        if document["ok"] != 1:
            _check_command_response(document, None)
        return document

    def data_received(self, data: bytes) -> None:
        """Collect the bytes of the reply."""
        self._received += data
        if len(self._received) < max(_HEADER_BYTES, int.from_bytes(self._received[:4], "little")):
            return
        reply, self._received = self._received, bytearray()
        if self._reply is None or self._reply.done():
            self.fail(ConnectionResetError())
        else:
            self._reply.set_result(reply)

    def connection_lost(self, _failure: Exception | None) -> None:
        """Fail the command that waits."""
        self.fail(ConnectionResetError())
        self._on_lost(self)
        self._raw._telemetry.connection_closed(self._raw.id, "error")

    def fail(self, failure: Exception) -> None:
        """Close the connection, and raise the failure where its reply is awaited."""
        self._is_open = False
        self._transport.abort()
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(failure)


async def _run(connection: _Connection, database: str, command: Document, is_raw: bool) -> list[Any]:
    """Return the results of a command `find`, of all batches."""
    cursor = (await connection.run(database, command, is_raw))["cursor"]
    results: list[Any] = cursor["firstBatch"]
    while cursor["id"]:
        more = {"getMore": cursor["id"], "collection": command["find"], "batchSize": command["batchSize"]}
        cursor = (await connection.run(database, more, is_raw))["cursor"]
        results += cursor["nextBatch"]
    return results


def _decode_raw(reply: bytearray) -> Document:
    """Return a reply whose documents are encoded, each batch as one value, as the driver's raw cursors have them."""
    document: Any = _OpMsg.unpack(bytes(reply[_HEADER_BYTES:])).raw_response(None, _DOCUMENTS)[0]
    _convert_raw_document_lists_to_streams(document)
    return document  # type: ignore[no-any-return]


def _find_primary(description: Any) -> Any:
    """Return the address of the server that has all writes; None where it is not known, and behind mongos."""
    if description is None or description.topology_type not in _TOPOLOGY_TYPES:
        return None
    servers = description.server_descriptions().values()
    return next((server.address for server in servers if server.server_type in _PRIMARY_TYPES), None)
