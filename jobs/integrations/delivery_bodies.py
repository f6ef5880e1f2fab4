"""The bodies of deliveries: webhooks of one creator that deliver an event at the same moment share one."""

import asyncio
from collections.abc import Hashable

import orjson

from domain.integrations.webhook_events import delivery_body
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.shared_tasks import retrieve_failure
from store.feed.events import FeedEvent
from store.feed.feed import Feed
from store.integrations.webhook_deliveries import find_creator_scope, read_details
from store.integrations.webhooks import WebhookDocument


class CreatorRemoved(Exception):
    """The creator of the webhook has no access any more."""


class DeliveryBodies:
    """Shared by the webhooks of a process."""

    def __init__(self, client: Client, feed: Feed) -> None:
        self._client, self._feed = client, feed
        self._reading: dict[Hashable, asyncio.Task[bytes | None]] = {}

    async def read(self, webhook: WebhookDocument, event: FeedEvent) -> bytes | None:
        """Return the body; None where the creator may not see the event. Raise CreatorRemoved."""
        key = webhook.partner_id, webhook.creator_id, event.document["_id"]
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read(webhook, event), name="read a delivery")
            reading.add_done_callback(lambda _: self._reading.pop(key))
            reading.add_done_callback(retrieve_failure)
        # A webhook that is stopped does not stop the others.
        return await asyncio.shield(reading)

    async def _read(self, webhook: WebhookDocument, event: FeedEvent) -> bytes | None:
        creator = await find_creator_scope(Scope(self._client, webhook.partner_id, utc_now()), webhook.creator_id)
        if creator is None:
            raise CreatorRemoved
        details = await read_details(creator, event.document)
        if details is None:
            return None
        cursor = self._feed.cursor(webhook.partner_id, event.position)
        return orjson.dumps(delivery_body(event.document, details, cursor))
