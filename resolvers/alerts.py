"""Alert rules and alerts, the mutations that change them, the fields of their payloads, and the feed of alerts."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from domain.customers.reason_sentences import reason_message
from domain.failures import TooManyValues
from domain.integrations.alerts import AcknowledgeAlerts, AlertState, DeleteAlertRule, SaveAlertRule, SnoozeAlerts
from domain.languages.rendering import render_message
from domain.messages import translatable
from domain.partner.views import filter_to_api
from domain.types import ActivityKind
from resolvers.connections import Connection, build_connection
from resolvers.context import Context
from resolvers.feeds import EventFeed, FeedChange, FeedViewer, filter_visible_changes
from resolvers.mutations import MutationResult, ObjectResult, changed_id, run_mutation
from store.changes.mutations import ChangedObject, MutationRequest
from store.customers.customers import CustomerDocument
from store.database.stored_fields import Projection
from store.feed.events import AccessGrant, FeedEvent
from store.integrations import alert_rule_changes, alert_state_changes
from store.integrations.alert_rule_changes import RuleSurroundings
from store.integrations.alert_state_changes import ChangedAlerts
from store.integrations.alerts import AlertDocument, AlertRuleDocument, AlertRules, Alerts
from store.tenants.administrators import AdministratorDocument

AlertsResult = MutationResult[ChangedAlerts]
MAX_RULE_IDS = 100
_LEFT_AGAIN = translatable("The customer had left the status again before its reason was read.")


async def alert_rules(context: Context, _root: None) -> list[AlertRuleDocument]:
    return await AlertRules(context.scope).all()


def filter_of(_context: Context, rule: AlertRuleDocument) -> dict[str, Any] | None:
    return filter_to_api(rule.raw_filter)


async def owner(
    context: Context, rules: Sequence[AlertRuleDocument], projection: Projection = None
) -> list[AdministratorDocument | None]:
    return await context.loaders.find_administrators([rule.owner_id for rule in rules], projection)


async def alerts(
    context: Context,
    _root: None,
    with_page: bool,
    state: Sequence[AlertState] | None = None,
    rule: Sequence[str] | None = None,
    **page: Any,
) -> Connection[AlertDocument]:
    if rule is not None and len(rule) > MAX_RULE_IDS:
        raise TooManyValues("rule", MAX_RULE_IDS, len(rule))
    connection = await build_connection(await Alerts(context.scope).listing(state, rule), with_page, **page)
    # The alerts of a customer are removed a moment after it is no longer visible.
    shown = await context.loaders.only_visible(connection.page.rows)
    return replace(connection, page=replace(connection.page, rows=[alert for alert in shown if alert is not None]))


async def rule_of(context: Context, alerts: Sequence[AlertDocument]) -> list[AlertRuleDocument | None]:
    return await context.loaders.alert_rules.load_all([alert.rule_id for alert in alerts])


async def customer_of(
    context: Context, alerts: Sequence[AlertDocument], projection: Projection = None
) -> list[CustomerDocument | None]:
    return await context.loaders.customers.load_all([alert.customer_id for alert in alerts], projection)


def reason(context: Context, alert: AlertDocument) -> str:
    cause = alert.reason
    return render_message(_LEFT_AGAIN if cause is None else reason_message(cause), context.viewer.language)


async def changed_by(
    context: Context, alerts: Sequence[AlertDocument], projection: Projection = None
) -> list[AdministratorDocument | None]:
    return await context.loaders.find_administrators([alert.changed_by_id for alert in alerts], projection)


async def save_alert_rule(context: Context, request: MutationRequest[SaveAlertRule]) -> ObjectResult:
    surroundings = RuleSurroundings(
        read_position=lambda: context.feed.position,
        most_rules=context.installation.max_alert_rules,
        has_mail=context.installation.has_mail,
        language=context.viewer.language,
    )
    body = partial(alert_rule_changes.save_alert_rule, surroundings=surroundings)
    return await run_mutation(context, request, body, ChangedObject)


async def delete_alert_rule(context: Context, request: MutationRequest[DeleteAlertRule]) -> ObjectResult:
    return await run_mutation(context, request, alert_rule_changes.delete_alert_rule, ChangedObject)


async def acknowledge_alerts(context: Context, request: MutationRequest[AcknowledgeAlerts]) -> AlertsResult:
    return await run_mutation(context, request, alert_state_changes.acknowledge_alerts, ChangedAlerts)


async def snooze_alerts(context: Context, request: MutationRequest[SnoozeAlerts]) -> AlertsResult:
    return await run_mutation(context, request, alert_state_changes.snooze_alerts, ChangedAlerts)


async def changed_rule(context: Context, payload: ObjectResult) -> AlertRuleDocument | None:
    id_ = changed_id(payload)
    return None if id_ is None else await context.loaders.alert_rules.load(id_)


def deleted_id(_context: Context, payload: ObjectResult) -> str | None:
    return changed_id(payload)


async def changed_alerts(context: Context, payload: AlertsResult) -> list[AlertDocument]:
    """Return the alerts that are still there and visible: a repeated mutation can find fewer."""
    ids = [] if payload.result is None else payload.result.ids
    found = await context.loaders.only_visible(await context.loaders.alerts.load_all(ids))
    return [alert for alert in found if alert is not None]


class AlertChange(FeedChange, frozen=True):
    """An alert that changed; the alert itself is looked up at delivery."""

    alert_id: str


def parse_condition() -> None:
    """Return nothing: every administrator follows the alerts of their own rules."""


def select_alert_change(event: FeedEvent, _condition: None, viewer: FeedViewer) -> AlertChange | None:
    """Return the change of an alert of the viewer."""
    document = event.document
    if document["kind"] != ActivityKind.ALERT_CHANGED or document.get("owner_id") != viewer.administrator_id:
        return None
    customer_id = document["alert_customer_id"]
    return AlertChange(
        position=event.position,
        access_grant=None if viewer.restricted_to is None else AccessGrant(customer_id, None),
        required_customer_id=customer_id,
        alert_id=document["subject_id"],
    )


async def filter_existing_alerts(context: Context, changes: Sequence[AlertChange]) -> Sequence[AlertChange]:
    """Return the changes whose alert and customer still exist for the viewer."""
    visible = await filter_visible_changes(context, changes)
    found = await context.loaders.alerts.load_all([change.alert_id for change in visible])
    return [change for change, alert in zip(visible, found, strict=True) if alert is not None]


ALERT_CHANGED = EventFeed(parse_condition, select_alert_change, filter_existing_alerts)


async def changed_alert(context: Context, change: AlertChange) -> AlertDocument | None:
    """The alert as of delivery."""
    return await context.loaders.alerts.load(change.alert_id)
