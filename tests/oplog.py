"""An oplog that forgets: written over until it no longer reaches back to a moment."""

import asyncio
from typing import Any

from pymongo import MongoClient

# The oplog gives up only what a checkpoint has made needless: here one comes every second, not every minute.
SHORT_OPLOG = ("--syncdelay", "1")
_NOISE, _BATCH_SIZE = "x" * 3_000_000, 15


async def roll_over_oplog(client: MongoClient[dict[str, Any]], time: int, seconds: float = 120) -> None:
    """Writes until the oplog begins behind the cluster time."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(_is_rolled_over, client, time):
            await asyncio.sleep(0)


def _is_rolled_over(client: MongoClient[dict[str, Any]], time: int) -> bool:
    client["noise"]["noise"].insert_many([{"noise": _NOISE} for _ in range(_BATCH_SIZE)])
    oldest = client["local"]["oplog.rs"].find_one()
    assert oldest is not None
    return bool(oldest["ts"].time << 32 > time)
