"""Opens the HTTP client of webhooks; most servers have none, and its library takes 1.8 MB and 50 ms to import."""

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

from domain.integrations.webhook_addresses import WebhookPolicy

if TYPE_CHECKING:
    from jobs.integrations.webhook_client import WebhookClient


async def open_webhook_client(policy: WebhookPolicy, timeout_seconds: float | None = None) -> "WebhookClient":
    """Return a client for one webhook; the first one of a process is imported in a thread, beside requests."""
    module = await asyncio.to_thread(import_module, "jobs.integrations.webhook_client")
    client: WebhookClient = module.WebhookClient(policy, timeout_seconds or module.TIMEOUT_SECONDS)
    return client
