"""Webhooks with their deliveries, and alert rules with their alerts."""

from collections.abc import Sequence

from loaders.relation import in_key_order
from store.database.scope import Scope
from store.database.stored_fields import Projection
from store.integrations.alerts import AlertDocument, AlertRuleDocument, AlertRules, Alerts
from store.integrations.webhooks import WebhookDeliveryDocument, WebhookDocument, Webhooks


async def read_webhooks(scope: Scope, ids: Sequence[str]) -> list[WebhookDocument | None]:
    """Return the webhooks by id that the viewer may manage."""
    return in_key_order(ids, await Webhooks(scope).by_ids(ids))


async def read_webhook_deliveries(
    scope: Scope, ids: Sequence[str], projection: Projection = None
) -> list[WebhookDeliveryDocument | None]:
    """Return the deliveries by id of the webhooks that the viewer may manage."""
    return in_key_order(ids, await Webhooks(scope).deliveries_by_ids(ids, projection))


async def read_alert_rules(scope: Scope, ids: Sequence[str]) -> list[AlertRuleDocument | None]:
    """Return the alert rules by id that the viewer sees."""
    return in_key_order(ids, await AlertRules(scope).by_ids(ids))


async def read_alerts(scope: Scope, ids: Sequence[str], projection: Projection = None) -> list[AlertDocument | None]:
    """Return the alerts by id of the viewer's own rules, whether or not their customers are visible."""
    return in_key_order(ids, await Alerts(scope).by_ids(ids, projection))
