"""Transactions that are open in the database, of any process: to wait for them, and to end orphaned ones.

An orphaned transaction is that of a process that was killed. MongoDB keeps it, and its locks, for a minute. Between two
commands, a transaction is listed by $currentOp as an idle session with the id of its last connection. Where that
connection is closed, no process can continue the transaction: its session is killed, which releases the locks at once.
"""

import asyncio
from typing import Any

from store.database.client import Client, Document

_PAUSE_SECONDS = 0.05
_IS_OPEN: Document = {"transaction.parameters.autocommit": False}
# A younger transaction may have changed its connection between the two queries of it.
_MIN_AGE_MICROSECONDS = 300_000
_IDLE: Document = {
    "type": "idleSession",
    "transaction": {"$exists": True},
    "transaction.timeOpenMicros": {"$gt": _MIN_AGE_MICROSECONDS},
}


async def wait_for_open_transactions(client: Client) -> None:
    """Wait until the transactions that are open now have ended: later ones read what was committed before this call.

    MongoDB ends a transaction after a minute.
    """
    waiting = await _open_transactions(client)
    while waiting:
        await asyncio.sleep(_PAUSE_SECONDS)
        waiting &= await _open_transactions(client)


async def abort_orphaned_transactions(client: Client) -> int:
    """Abort the transactions whose connection is closed; return how many."""
    idle = await _current_operations(client, {"idleSessions": True}, _IDLE)
    if not idle:
        return 0
    open_connections = await _current_operations(client, {"idleConnections": True}, {"connectionId": {"$exists": True}})
    open_ids = {entry["connectionId"] for entry in open_connections if entry.get("type") != "idleSession"}
    session_ids = [session["lsid"]["id"] for session in idle if session.get("connectionId") not in open_ids]
    if session_ids:
        await client.command({"killSessions": [{"id": id_} for id_ in session_ids]}, database="admin")
    return len(session_ids)


async def _open_transactions(client: Client) -> set[tuple[Any, int]]:
    """Return session and number of each open transaction."""
    found: set[tuple[Any, int]] = set()
    # One that begins or ends a command meanwhile can be missing in the first answer.
    for _ in range(2):
        operations = await _current_operations(client, {"idleSessions": True}, _IS_OPEN)
        found |= {(each["lsid"]["id"], each["transaction"]["parameters"]["txnNumber"]) for each in operations}
    return found


async def _current_operations(client: Client, options: Document, where: Document) -> list[Document]:
    fields: Document = {"type": 1, "connectionId": 1, "lsid": 1, "transaction.parameters.txnNumber": 1}
    pipeline: list[Any] = [{"$currentOp": options}, {"$match": where}, {"$project": fields}]
    command = {"aggregate": 1, "pipeline": pipeline, "cursor": {"batchSize": 100_000}}
    operations: list[Document] = (await client.command(command, database="admin"))["cursor"]["firstBatch"]
    return operations
