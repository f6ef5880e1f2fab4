"""Transactions that a dead process left open: MongoDB would keep them, and what they touched, for a minute.

A transaction between two of its commands stands in $currentOp with the connection that it was last heard on. Where
that connection is gone, nobody will ever go on with it: its session is killed, and those who wait for the same
documents go on at once.
"""

from typing import Any

from store.database.client import Client, Document

# Younger ones may have moved on to another connection between the two looks.
_MIN_AGE_MICROSECONDS = 300_000
_IDLE: Document = {
    "type": "idleSession",
    "transaction": {"$exists": True},
    "transaction.timeOpenMicros": {"$gt": _MIN_AGE_MICROSECONDS},
}


async def abort_orphaned_transactions(client: Client) -> int:
    """Aborts the transactions whose connection is gone; answers how many there were."""
    waiting = await _current_operations(client, {"idleSessions": True}, _IDLE)
    if not waiting:
        return 0
    open_connections = await _current_operations(client, {"idleConnections": True}, {"connectionId": {"$exists": True}})
    living = {one["connectionId"] for one in open_connections if one.get("type") != "idleSession"}
    orphans = [one["lsid"]["id"] for one in waiting if one.get("connectionId") not in living]
    if orphans:
        await client.command({"killSessions": [{"id": id_} for id_ in orphans]}, admin=True)
    return len(orphans)


async def _current_operations(client: Client, options: Document, where: Document) -> list[Document]:
    wanted: Document = {"type": 1, "connectionId": 1, "lsid": 1}
    pipeline: list[Any] = [{"$currentOp": options}, {"$match": where}, {"$project": wanted}]
    asked = {"aggregate": 1, "pipeline": pipeline, "cursor": {"batchSize": 100_000}}
    found: list[Document] = (await client.command(asked, admin=True))["cursor"]["firstBatch"]
    return found
