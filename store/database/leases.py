"""Leases: one document per leased job says which process runs it, and until when on the database's own clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from domain.failures import Unavailable
from store.database.client import Client, DuplicateKeyError, PyMongoError

COLLECTION = "leases"


@dataclass(slots=True)
class LeaseRenewal:
    """The renewal of a lease in the background; `is_lost` once another owner has taken the lease."""

    is_lost: bool = False
    stop: asyncio.Event = field(default_factory=asyncio.Event)


async def acquire_lease(client: Client, job: str, owner: str, seconds: float) -> bool:
    """Take or renew the lease of a job for `seconds`; return False while another owner has it."""
    is_free = {"$or": [{"$eq": ["$owner", owner]}, {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}]}
    until = {"$add": ["$$NOW", int(seconds * 1000)]}
    # The condition is part of the change, because the filter of an upsert cannot read the server's clock.
    change = {"owner": {"$cond": [is_free, owner, "$owner"]}, "until": {"$cond": [is_free, until, "$until"]}}
    try:
        lease = await client.collection(COLLECTION).find_one_and_update({"_id": job}, [{"$set": change}], upsert=True)
    except DuplicateKeyError:
        # Another process created the document at the same moment, and so has the lease.
        return False
    return lease is not None and lease["owner"] == owner


async def release_lease(client: Client, job: str, owner: str) -> None:
    """Delete the lease, so that another process can take it before it expires."""
    await client.collection(COLLECTION).delete_many({"_id": job, "owner": owner})


@asynccontextmanager
async def renewed_lease(client: Client, job: str, owner: str, seconds: float) -> AsyncIterator[LeaseRenewal]:
    """Renew a lease that was acquired, every third of its duration, until the block ends."""
    renewal = LeaseRenewal()
    heartbeat = asyncio.create_task(_renew_lease(client, job, owner, seconds, renewal))
    try:
        yield renewal
    finally:
        # A cancelled command continues in the driver's thread, and could create the lease again after its release.
        renewal.stop.set()
        await asyncio.wait({heartbeat})


async def _renew_lease(client: Client, job: str, owner: str, seconds: float, renewal: LeaseRenewal) -> None:
    while not await _is_set_within(renewal.stop, seconds / 3):
        with suppress(PyMongoError, Unavailable):
            renewal.is_lost = renewal.is_lost or not await acquire_lease(client, job, owner, seconds)


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
