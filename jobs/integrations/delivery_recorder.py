"""Records attempts: those that end while a transaction runs are recorded together in the next one.

A transaction for each delivery took most of the time of 100 webhooks that receive the same events. Failures are no
exception: receivers that hang run into the limit of time together, and many transactions at once delay the others.
"""

import asyncio

from store.database.client import Client
from store.database.shared_tasks import retrieve_failure
from store.integrations.webhook_deliveries import Delivery, record_deliveries


class DeliveryRecorder:
    """Shared by the webhooks of a process; each has one delivery at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: list[Delivery] = []
        self._next: asyncio.Task[list[bool]] | None = None
        self._busy = asyncio.Lock()

    async def record(self, delivery: Delivery) -> bool:
        """Return whether the delivery is recorded: not where its webhook was changed meanwhile."""
        place = len(self._waiting)
        self._waiting.append(delivery)
        if self._next is None:
            self._next = asyncio.create_task(self._record_waiting(), name="record deliveries")
            self._next.add_done_callback(retrieve_failure)
        # A webhook that is stopped does not stop the others.
        return (await asyncio.shield(self._next))[place]

    async def _record_waiting(self) -> list[bool]:
        async with self._busy:
            deliveries, self._waiting, self._next = self._waiting, [], None
            return await record_deliveries(self._client, deliveries)
