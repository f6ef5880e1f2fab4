"""Sends the sample event of a webhook that is tested, at once and without repetition."""

import orjson

from domain.integrations.webhook_addresses import WebhookPolicy
from domain.integrations.webhook_events import sample_body
from domain.integrations.webhook_signatures import signed_headers, valid_keys
from domain.integrations.webhooks import WebhookDeliveryState
from jobs.integrations.client_import import open_webhook_client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.integrations.webhook_deliveries import claim_sample, record_sample

# Less than the time of an operation, which returns the result.
SAMPLE_SECONDS = 7.0


async def send_sample(scope: Scope, policy: WebhookPolicy, delivery_id: str) -> None:
    """Send the sample of the delivery and record the result; do nothing where it was sent before."""
    claimed = await claim_sample(scope, delivery_id)
    if claimed is None:
        return
    (webhook, event_id), now = claimed, utc_now()
    body = orjson.dumps(sample_body(event_id, now))
    keys = valid_keys(webhook.seed, webhook.secret_number, webhook.rotated_at, now)
    client = await open_webhook_client(policy, SAMPLE_SECONDS)
    try:
        response = await client.post(webhook.url, signed_headers(keys, event_id, now, body), body)
    finally:
        await client.close()
    state = WebhookDeliveryState.DELIVERED if response.is_success else WebhookDeliveryState.FAILED
    result = {"response_status": response.status, "error": response.error, "milliseconds": response.milliseconds}
    await record_sample(scope, delivery_id, {"state": state, **result})
