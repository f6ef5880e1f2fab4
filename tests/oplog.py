"""Overwrites the oplog until it no longer contains a moment."""

import asyncio
from typing import Any

from pymongo import MongoClient

# The oplog is only truncated up to a checkpoint: here every second instead of every minute. To overwrite 32 MB takes a
# third of the processor time of the usual size.
SHORT_OPLOG = ("--syncdelay", "1", "--oplogSize", "32")
_NOISE, _BATCH_SIZE = "x" * 3_000_000, 4


async def roll_over_oplog(client: MongoClient[dict[str, Any]], time: int, seconds: float = 120) -> None:
    """Write until the oplog starts after the cluster time."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(_is_rolled_over, client, time):
            await asyncio.sleep(0)


def _is_rolled_over(client: MongoClient[dict[str, Any]], time: int) -> bool:
    client["noise"]["noise"].insert_many([{"noise": _NOISE} for _ in range(_BATCH_SIZE)])
    oldest = client["local"]["oplog.rs"].find_one()
    assert oldest is not None
    return bool(oldest["ts"].time << 32 > time)
