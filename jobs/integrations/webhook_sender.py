"""Sends the events of the log to webhooks. One process at a time does this for all partners, by a lease.

Each active webhook has a task of its own, so that a slow receiver delays no other. A task follows the feed of its
partner from the webhook's stored position, and keeps at most one segment of events in memory.
"""

import asyncio
from contextlib import suppress
from uuid import uuid4

import structlog

from domain.failures import Unavailable
from domain.integrations.webhook_addresses import WebhookPolicy
from domain.types import ActivityKind
from jobs.integrations.webhook_deliveries import Deliveries, DeliveryTools
from store.database.client import Client, PyMongoError
from store.database.leases import LeaseRenewal, acquire_lease, release_lease, renewed_lease
from store.feed.events import FeedEvent
from store.feed.feed import Feed
from store.integrations.webhook_deliveries import active_webhooks

_log = structlog.get_logger(__name__)
_LEASE = "send_webhooks"
_LEASE_SECONDS = 3.0
_PAUSE_SECONDS = 1.0
# Requests that wait for their answers at once; each ends within ten seconds.
_MAX_REQUESTS = 500
_Version = tuple[str, int]


class WebhookSender:
    """The sender of a process: `start` it after the feed, `stop` it before."""

    def __init__(self, client: Client, feed: Feed, policy: WebhookPolicy) -> None:
        self._client, self._feed = client, feed
        self._tools = DeliveryTools(client, feed, policy, asyncio.Semaphore(_MAX_REQUESTS))
        self._owner = uuid4().hex
        self._changed = asyncio.Event()
        self._running: dict[str, tuple[_Version, Deliveries, asyncio.Task[None]]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start sending whenever this process has the lease."""
        self._feed.listeners.append(self._note_change)
        self._task = asyncio.create_task(self._repeat(), name="webhooks")

    async def stop(self) -> None:
        """Stop sending and release the lease; a delivery without an answer is repeated by the next process."""
        self._feed.listeners.remove(self._note_change)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        with suppress(PyMongoError, Unavailable, TimeoutError):
            async with asyncio.timeout(_PAUSE_SECONDS):
                await release_lease(self._client, _LEASE, self._owner)

    def _note_change(self, event: FeedEvent) -> None:
        if event.document["kind"] == ActivityKind.WEBHOOK_CHANGED:
            self._changed.set()

    async def _repeat(self) -> None:
        while True:
            try:
                if await acquire_lease(self._client, _LEASE, self._owner, _LEASE_SECONDS):
                    async with renewed_lease(self._client, _LEASE, self._owner, _LEASE_SECONDS) as renewal:
                        await self._send_until_lost(renewal)
            except (PyMongoError, Unavailable) as error:
                _log.warning("webhooks stopped, they will start again", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _send_until_lost(self, renewal: LeaseRenewal) -> None:
        try:
            while not renewal.is_lost:
                self._changed.clear()
                await self._adjust(await active_webhooks(self._client))
                for _, deliveries, _ in list(self._running.values()):
                    await deliveries.save_reached()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), _PAUSE_SECONDS)
        finally:
            await self._adjust({})

    async def _adjust(self, active: dict[str, _Version]) -> None:
        """Stop the tasks of webhooks that were changed or are not active; start those that are missing."""
        outdated = [
            id_ for id_, (version, _, task) in self._running.items() if task.done() or active.get(id_) != version
        ]
        stopped = [self._running.pop(id_)[2] for id_ in outdated]
        for task in stopped:
            task.cancel()
        for error in await asyncio.gather(*stopped, return_exceptions=True):
            if isinstance(error, Exception):
                _log.error("webhook failed, it will start again", error=repr(error), exc_info=error)
        for id_, version in active.items():
            if id_ not in self._running:
                deliveries = Deliveries(self._tools, version[0], id_)
                self._running[id_] = version, deliveries, asyncio.create_task(deliveries.run(), name=f"webhook {id_}")
