"""Leases: one document per lease says which process has it, and until when on the database's own clock."""

import asyncio
from contextlib import suppress
from typing import Self
from uuid import uuid4

from domain.failures import Unavailable
from store.database.client import Client, DuplicateKeyError, PyMongoError

COLLECTION = "leases"
# The time for the release: a database that cannot be reached must not delay an exit. The lease then expires.
_RELEASE_SECONDS = 1.0
_MAX_WAITING_SECONDS = 0.5


class Lease:
    """A lease that one process at a time has, for any number of its tasks.

    Between `start` and `stop`, or inside `async with`, this process takes the lease when it is free, and renews it
    every third of its duration. A database that does not answer changes nothing: the lease is lost when another process
    has taken it.
    """

    def __init__(self, client: Client, name: str, seconds: float) -> None:
        self._client, self.name, self._seconds = client, name, seconds
        self._owner = uuid4().hex
        # How often another process took the lease from this one.
        self.loss_count = 0
        self._held, self._stopping = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process had the lease when it last asked."""
        return self._held.is_set()

    async def wait_until_held(self) -> None:
        """Wait until this process has the lease."""
        await self._held.wait()

    def start(self) -> None:
        """Begin to take and renew the lease."""
        self._task = asyncio.create_task(self._keep(), name=f"lease {self.name}")

    async def stop(self) -> None:
        """Release the lease, so that another process can take it before it expires."""
        self._stopping.set()
        self._held.clear()
        if self._task is None:
            return
        with suppress(PyMongoError, Unavailable, TimeoutError):
            async with asyncio.timeout(_RELEASE_SECONDS):
                # A cancelled command continues in the driver's thread, and could create the lease after its release.
                await asyncio.wait({self._task})
                await self._client.collection(COLLECTION).delete_many({"_id": self.name, "owner": self._owner})
        self._task.cancel()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            with suppress(PyMongoError, Unavailable):
                self._note(is_held=await self._acquire())
            # Those who wait ask more often, so that a lease that has expired is soon taken.
            pause = self._seconds / 3 if self.is_held else min(self._seconds / 6, _MAX_WAITING_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()

    def _note(self, *, is_held: bool) -> None:
        if is_held and not self._stopping.is_set():
            self._held.set()
        elif not is_held:
            self.loss_count += self.is_held
            self._held.clear()

    async def _acquire(self) -> bool:
        """Take or renew the lease; return False while another owner has it."""
        is_free = {"$or": [{"$eq": ["$owner", self._owner]}, {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}]}
        until = {"$add": ["$$NOW", int(self._seconds * 1000)]}
        # The condition is part of the change, because the filter of an upsert cannot read the server's clock.
        change = {"owner": {"$cond": [is_free, self._owner, "$owner"]}, "until": {"$cond": [is_free, until, "$until"]}}
        leases = self._client.collection(COLLECTION)
        try:
            lease = await leases.find_one_and_update({"_id": self.name}, [{"$set": change}], upsert=True)
        except DuplicateKeyError:
            # Another process created the document at the same moment, and so has the lease.
            return False
        return lease is not None and lease["owner"] == self._owner
