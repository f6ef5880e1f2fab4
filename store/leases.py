"""Leases: who does a job's slot now; one document a job and slot, taken on the database's own clock."""

from collections.abc import Mapping
from typing import Any

from store.client import Client, DuplicateKeyError

COLLECTION = "leases"


async def take(client: Client, job: str, slot: int, owner: str, seconds: float) -> bool:
    """Takes or keeps the slot for so many seconds; False where another owner has it."""
    free = {"_id": f"{job}/{slot}", "$or": [{"owner": owner}, {"$expr": {"$lte": ["$until", "$$NOW"]}}]}
    until: Mapping[str, Any] = {"$add": ["$$NOW", int(seconds * 1000)]}
    change = [{"$set": {"owner": owner, "until": until}}]
    try:
        return await client.collection(COLLECTION).find_one_and_update(free, change, upsert=True) is not None
    except DuplicateKeyError:
        # The document is there and belongs to somebody: the upsert could not insert a second one.
        return False


async def give_back(client: Client, job: str, slot: int, owner: str) -> None:
    """Lets the slot go, so that another process need not wait for its end."""
    await client.collection(COLLECTION).delete_many({"_id": f"{job}/{slot}", "owner": owner})
