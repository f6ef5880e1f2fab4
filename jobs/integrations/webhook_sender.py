"""Sends the events of the log to webhooks. One process at a time does this for all partners, by a lease.

Each active webhook has a task of its own, so that a slow receiver delays no other. A task follows the feed of its
partner from the webhook's stored position, and keeps at most one segment of events in memory.
"""

import asyncio
from functools import partial

from domain.integrations.webhook_addresses import WebhookPolicy
from domain.types import ActivityKind
from jobs.integrations.delivery_bodies import DeliveryBodies
from jobs.integrations.delivery_recorder import DeliveryRecorder
from jobs.integrations.leased_followers import LeasedFollowers
from jobs.integrations.webhook_deliveries import Deliveries, DeliveryTools
from store.database.client import Client
from store.database.leases import Lease
from store.feed.feed import Feed
from store.integrations.webhook_deliveries import ActiveWebhook, active_webhooks

# Requests that wait for their answers at once; each ends within ten seconds.
_MAX_REQUESTS = 500


def create_webhook_sender(
    client: Client, feed: Feed, lease: Lease, policy: WebhookPolicy
) -> LeasedFollowers[ActiveWebhook]:
    """Return the sender of a process."""
    bodies, recorder = DeliveryBodies(client, feed), DeliveryRecorder(client)
    tools = DeliveryTools(client, feed, policy, bodies, recorder, asyncio.Semaphore(_MAX_REQUESTS))
    follow = partial(_follow, tools)
    return LeasedFollowers(client, feed, lease, "send_webhooks", ActivityKind.WEBHOOK_CHANGED, active_webhooks, follow)


def _follow(tools: DeliveryTools, webhook_id: str, active: ActiveWebhook) -> Deliveries:
    return Deliveries(tools, active.partner_id, webhook_id)
