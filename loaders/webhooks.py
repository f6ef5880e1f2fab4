"""Webhooks and their deliveries."""

from collections.abc import Sequence

from loaders.relation import in_key_order
from store.database.scope import Scope
from store.database.stored_fields import Projection
from store.integrations.webhooks import WebhookDeliveryDocument, WebhookDocument, Webhooks


async def read_webhooks(scope: Scope, ids: Sequence[str]) -> list[WebhookDocument | None]:
    """Return the webhooks by id that the viewer may manage."""
    return in_key_order(ids, await Webhooks(scope).by_ids(ids))


async def read_webhook_deliveries(
    scope: Scope, ids: Sequence[str], projection: Projection = None
) -> list[WebhookDeliveryDocument | None]:
    """Return the deliveries by id of the webhooks that the viewer may manage."""
    return in_key_order(ids, await Webhooks(scope).deliveries_by_ids(ids, projection))
