"""What MongoDB says of itself, for `partnerhub check`: version, members, oplog, shard keys, clock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

from msgspec import Struct

from store.database.client import Client, Document, OperationFailure
from store.database.clock import utc_now

_NOT_AUTHORIZED = 13


class OplogFacts(Struct, frozen=True):
    """The time that the oplog spans, its bytes and their limit, and the hours that it is kept in any case."""

    hours: float
    size: int
    max_size: int
    kept_hours: float = 0.0


class DeploymentFacts(Struct, frozen=True):
    """What was read; None where the user may not read it, or there is no such thing.

    `clock_skew` is by how many seconds the server's clock is ahead of ours; `clock_error` is its uncertainty.
    `shard_keys` has the key of each sharded collection, on a sharded cluster.
    """

    version: str
    compatibility: str | None
    is_sharded: bool
    is_replica_set: bool
    clock_skew: float
    clock_error: float
    members: Sequence[Mapping[str, Any]] | None = None
    configuration: Mapping[str, Any] | None = None
    oplog: OplogFacts | None = None
    shard_keys: Mapping[str, Mapping[str, Any]] | None = None
    unreadable: Sequence[str] = ()


async def read_deployment(client: Client) -> DeploymentFacts:
    """Return the facts; what this user may not read is named in `unreadable`."""
    reader = _Reader(client)
    hello, skew, error = await _read_clock(client)
    build = await client.command({"buildInfo": 1}, database="admin")
    is_sharded = hello.get("msg") == "isdbgrid"
    is_replica_set = "setName" in hello
    compatibility = await reader.read({"getParameter": 1, "featureCompatibilityVersion": 1})
    status = await reader.read({"replSetGetStatus": 1}) if is_replica_set else None
    configuration = await reader.read({"replSetGetConfig": 1}) if is_replica_set else None
    return DeploymentFacts(
        version=str(build["version"]),
        compatibility=None if compatibility is None or is_sharded else _compatibility(compatibility),
        is_sharded=is_sharded,
        is_replica_set=is_replica_set,
        clock_skew=skew,
        clock_error=error,
        members=None if status is None else status["members"],
        configuration=None if configuration is None else configuration["config"],
        oplog=await _read_oplog(reader) if is_replica_set else None,
        shard_keys=await _read_shard_keys(reader) if is_sharded else None,
        unreadable=reader.unreadable,
    )


class _Reader:
    """Runs commands that need more rights than a server does."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.unreadable: list[str] = []

    async def read(self, command: Document, database: str = "admin") -> Document | None:
        """Return the reply; None where the user may not run the command."""
        try:
            return await self.client.command(command, database=database)
        except OperationFailure as error:
            if error.code == _NOT_AUTHORIZED:
                self.unreadable.append(next(iter(command)))
                return None
            raise


async def _read_clock(client: Client) -> tuple[Document, float, float]:
    """Return the reply of `hello`, by how much the server's clock is ahead, and half the time of the round trip."""
    await client.command({"ping": 1}, database="admin")
    asked_at, started_at = utc_now(), monotonic()
    hello = await client.command({"hello": 1}, database="admin")
    half = (monotonic() - started_at) / 2
    server: datetime = hello["localTime"]
    return hello, (server - asked_at).total_seconds() - half, half


def _compatibility(reply: Document) -> str | None:
    version: str | None = reply["featureCompatibilityVersion"].get("version")
    return version


async def _read_oplog(reader: _Reader) -> OplogFacts | None:
    status = await reader.read({"serverStatus": 1, "oplog": 1, "oplogTruncation": 1})
    size = await reader.read({"collStats": "oplog.rs"}, database="local")
    if status is None or size is None or "oplog" not in status:
        return None
    ends = [status["oplog"][name].time for name in ("earliestOptime", "latestOptime")]
    kept = status.get("oplogTruncation", {}).get("oplogMinRetentionHours", 0.0)
    return OplogFacts((ends[1] - ends[0]) / 3600, int(size["size"]), int(size["maxSize"]), float(kept))


async def _read_shard_keys(reader: _Reader) -> Mapping[str, Mapping[str, Any]] | None:
    prefix = f"{reader.client.database_name}."
    where = {"_id": {"$gte": prefix, "$lt": f"{reader.client.database_name}/"}}
    reply = await reader.read({"find": "collections", "filter": where, "batchSize": 1000}, database="config")
    if reply is None:
        return None
    found = reply["cursor"]["firstBatch"]
    return {each["_id"].removeprefix(prefix): each["key"] for each in found if not each.get("unsplittable")}
