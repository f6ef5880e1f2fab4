"""Transactions that are open in the database, of any process."""

import asyncio
from typing import Any

from store.database.client import Client, Document

_PAUSE_SECONDS = 0.05
_IS_OPEN: Document = {"transaction.parameters.autocommit": False}
_FIELDS: Document = {"session": "$lsid.id", "number": "$transaction.parameters.txnNumber"}


async def wait_for_open_transactions(client: Client) -> None:
    """Wait until the transactions that are open now have ended: later ones read what was committed before this call.

    MongoDB ends a transaction after a minute.
    """
    waiting = await _open_transactions(client)
    while waiting:
        await asyncio.sleep(_PAUSE_SECONDS)
        waiting &= await _open_transactions(client)


async def _open_transactions(client: Client) -> set[tuple[Any, int]]:
    """Return session and number of each open transaction."""
    pipeline: list[Any] = [{"$currentOp": {"idleSessions": True}}, {"$match": _IS_OPEN}, {"$project": _FIELDS}]
    command = {"aggregate": 1, "pipeline": pipeline, "cursor": {"batchSize": 100_000}}
    found: set[tuple[Any, int]] = set()
    # One that begins or ends a command meanwhile can be missing in the first answer.
    for _ in range(2):
        operations: list[Document] = (await client.command(command, database="admin"))["cursor"]["firstBatch"]
        found |= {(each["session"], each["number"]) for each in operations}
    return found
