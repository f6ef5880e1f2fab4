"""Leases: who does a job's slot now; one document a job and slot, taken on the database's own clock."""

from store.database.client import Client, DuplicateKeyError

COLLECTION = "leases"


async def acquire_lease(client: Client, job: str, slot: int, owner: str, seconds: float) -> bool:
    """Takes or keeps the slot for so many seconds; False where another owner has it."""
    is_free = {"$or": [{"$eq": ["$owner", owner]}, {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}]}
    until = {"$add": ["$$NOW", int(seconds * 1000)]}
    # The condition stands in the change: an upsert's filter may not read the server's clock.
    change = {"owner": {"$cond": [is_free, owner, "$owner"]}, "until": {"$cond": [is_free, until, "$until"]}}
    try:
        held = await client.collection(COLLECTION).find_one_and_update(
            {"_id": f"{job}/{slot}"}, [{"$set": change}], upsert=True
        )
    except DuplicateKeyError:
        # Somebody else made the document in the same moment, and with it took the slot.
        return False
    return held is not None and held["owner"] == owner


async def release_lease(client: Client, job: str, slot: int, owner: str) -> None:
    """Lets the slot go, so that another process need not wait for its end."""
    await client.collection(COLLECTION).delete_many({"_id": f"{job}/{slot}", "owner": owner})
