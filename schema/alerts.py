"""Alerts: rules that watch customers, the alerts that they open, their queries and mutations."""

from datetime import datetime
from typing import Any

import strawberry

from domain.integrations.alerts import (
    MAX_ALERTS_PER_CHANGE,
    MAX_RULES,
    AcknowledgeAlerts,
    AlertSchedule,
    AlertState,
    DeleteAlertRule,
    SaveAlertRule,
    SnoozeAlerts,
)
from resolvers import alerts
from schema.costs import STEPWISE_RELATION_COST, VALUES, list_size
from schema.customer_inputs import CustomerFilter
from schema.customers import Customer
from schema.enums import CustomerStatus, register_enum
from schema.fields import Argument, field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, OPTIONAL_VERSION_INPUT, user_errors_field
from schema.node import PAGED, VERSION_FIELD, Connection, Node
from schema.organization import PartnerAdministrator
from schema.stored_values import shows
from store.integrations.alerts import AlertDocument, AlertRuleDocument

_ALERT_IDS = "The ids of 1–500 alerts of the viewer's own rules, each once. Those that are RESOLVED stay so."
register_enum(
    AlertState,
    "What was done about an alert.",
    {
        "OPEN": "The customer has the status, and nothing was done about it.",
        "ACKNOWLEDGED": "The owner of the rule has taken note of the alert.",
        "SNOOZED": "Snoozed until snoozedUntil, or until the status is left.",
        "RESOLVED": "The customer has left the status, or the rule was changed and no longer watches it.",
    },
)
register_enum(
    AlertSchedule,
    "When the e-mails of an alert rule are sent.",
    {
        "AT_ONCE": "Within a minute. Alerts that come together are sent together.",
        "DAILY": "At 08:00 in the time zone of the rule, if there are new alerts.",
        "WEEKLY": "On Monday at 08:00 in the time zone of the rule, if there are new alerts.",
    },
)


@strawberry.type
@shows(AlertRuleDocument)
class AlertRule(Node):
    """Tells one administrator, its owner, about customers that enter a status. An alert opens where a customer that
    matches the filter enters one of the statuses and the owner may see the customer. A new or changed rule also opens
    alerts for statuses that hold already.
    """

    name: str = strawberry.field(description="The name.")
    owner = field(
        alerts.owner,
        PartnerAdministrator,
        "The administrator who made the rule and sees its alerts.",
        batch=True,
        reads=(AlertRuleDocument.owner_id,),
    )
    statuses: list[CustomerStatus] = strawberry.field(
        directives=[list_size(len(CustomerStatus)), VALUES], description="The statuses that open alerts."
    )
    filter = field(
        alerts.filter_of,
        strawberry.scalars.JSON | None,
        "The CustomerFilter as it was given; null where all customers that the owner sees are watched.",
        reads=(AlertRuleDocument.raw_filter,),
    )
    schedule: AlertSchedule = strawberry.field(description="When e-mail is sent.")
    email: bool = strawberry.field(description="Whether e-mail is sent. The list of alerts has the alerts in any case.")
    time_zone: str = strawberry.field(description="An IANA name: the time zone of the schedule.")
    paused: bool = strawberry.field(description="Whether the rule opens no alerts. Open ones are still resolved.")
    version: int = VERSION_FIELD


@strawberry.type
@shows(AlertDocument)
class Alert(Node):
    """A customer that entered a status which a rule watches. There is one alert at a time for a rule, customer and
    status. Alerts are removed where the owner of the rule may no longer see the customer, and 90 days after they were
    RESOLVED.
    """

    rule = field(
        alerts.rule_of, AlertRule, "The rule that opened the alert.", batch=True, reads=(AlertDocument.rule_id,)
    )
    customer = field(
        alerts.customer_of,
        Customer,
        "The customer, as it is now.",
        batch=True,
        reads=(AlertDocument.customer_id,),
    )
    status: CustomerStatus = strawberry.field(description="The status that the customer entered.")
    since: datetime = strawberry.field(description="The moment since which the customer had the status.")
    reason = field(
        alerts.reason,
        str,
        "The cause of the status when the alert opened, in one sentence in the language of the request.",
        reads=(AlertDocument.reason,),
    )
    state: AlertState = strawberry.field(description="What was done about the alert.")
    snoozed_until: datetime | None = strawberry.field(
        description=(
            "The moment at which the alert is OPEN again; null where it is not SNOOZED, or until the status is left."
        )
    )
    changed_by = field(
        alerts.changed_by,
        PartnerAdministrator | None,
        "The administrator who acknowledged or snoozed the alert last; null where nobody did.",
        batch=True,
        reads=(AlertDocument.changed_by_id,),
    )


@strawberry.type
class AlertQueries:
    """The root fields that read alerts."""

    alert_rules = field(
        alerts.alert_rules,
        list[AlertRule] | None,
        "The viewer's own rules, or all rules of the partner with the permission MANAGE_INTEGRATIONS, in the order of "
        "their creation; at most 200.",
        list_size=list_size(MAX_RULES, typical=5),
    )
    alerts = field(
        alerts.alerts,
        Connection[Alert] | None,
        "The alerts of the viewer's own rules, newest first.",
        cost=STEPWISE_RELATION_COST,
        state=Argument(
            list[AlertState] | None,
            description="Only alerts in one of these states. Without it, all; an empty list matches nothing.",
        ),
        rule=Argument(
            list[strawberry.ID] | None,
            description="Only alerts of these rules, at most 100. Without it, all; an empty list matches nothing.",
        ),
        **PAGED,
    )


@strawberry.input
class SaveAlertRuleInput:
    """A new rule of the viewer, or changes of a rule. An omitted field keeps its value."""

    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The id of the rule to change: one of the viewer's own, or any of the partner with the permission "
            "MANAGE_INTEGRATIONS. Without it, a new rule is made."
        ),
    )
    version: int | None = OPTIONAL_VERSION_INPUT
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="Required for a new rule. 1–100 characters. Names need not be unique."
    )
    statuses: list[CustomerStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="Required for a new rule; at least one."
    )
    filter: CustomerFilter | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Only customers that match. `expiresWithinDays`, `renewsWithinDays` and `kpi` are INVALID. Null watches "
            "every customer that the owner sees. At most 32,000 characters as JSON."
        ),
    )
    schedule: AlertSchedule | None = strawberry.field(
        default=strawberry.UNSET, description="When e-mail is sent; AT_ONCE for a new rule."
    )
    email: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Whether e-mail is sent, in the language of the owner's request; false for a new rule. No e-mail is sent "
            "for statuses that hold already. True is INVALID where the server has no e-mail."
        ),
    )
    time_zone: str | None = strawberry.field(
        default=strawberry.UNSET, description="An IANA name, such as Europe/Belgrade; UTC for a new rule."
    )
    paused: bool | None = strawberry.field(
        default=strawberry.UNSET, description="True pauses the rule: it opens no alerts. A new rule is not paused."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class DeleteAlertRuleInput:
    """A rule to be deleted with its alerts."""

    id: strawberry.ID = strawberry.field(
        description="The id of one of the viewer's own rules, or of any with the permission MANAGE_INTEGRATIONS."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class AcknowledgeAlertsInput:
    """Alerts that the viewer has taken note of."""

    alerts: list[strawberry.ID] = strawberry.field(description=_ALERT_IDS)
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class SnoozeAlertsInput:
    """Alerts that the viewer wants to see again later."""

    alerts: list[strawberry.ID] = strawberry.field(description=_ALERT_IDS)
    until: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The moment at which the alerts are OPEN again, within the next 366 days. Null means until the status is "
            "left."
        ),
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class SaveAlertRulePayload:
    """The rule after the change, or the mistakes."""

    rule = field(alerts.changed_rule, AlertRule | None, "The rule; null where nothing was changed.")
    user_errors = user_errors_field()


@strawberry.type
class DeleteAlertRulePayload:
    """The id of the deleted rule, or the mistakes."""

    deleted_id = field(
        alerts.deleted_id, strawberry.ID | None, "The id of the deleted rule; null where nothing was changed."
    )
    user_errors = user_errors_field()


def _changed_alerts_field() -> Any:
    return field(
        alerts.changed_alerts,
        list[Alert],
        "The alerts in the order of the input; empty where nothing was changed.",
        list_size=list_size(MAX_ALERTS_PER_CHANGE),
    )


@strawberry.type
class AcknowledgeAlertsPayload:
    """The alerts after the change, or the mistakes."""

    alerts = _changed_alerts_field()
    user_errors = user_errors_field()


@strawberry.type
class SnoozeAlertsPayload:
    """The alerts after the change, or the mistakes."""

    alerts = _changed_alerts_field()
    user_errors = user_errors_field()


@strawberry.type
class AlertMutations:
    """The root fields that change alert rules and alerts."""

    save_alert_rule = mutation(
        alerts.save_alert_rule,
        SaveAlertRulePayload,
        SaveAlertRuleInput,
        SaveAlertRule,
        "Makes or changes an alert rule. An administrator has at most 20 rules; more is LIMIT_REACHED.",
    )
    delete_alert_rule = mutation(
        alerts.delete_alert_rule,
        DeleteAlertRulePayload,
        DeleteAlertRuleInput,
        DeleteAlertRule,
        "Deletes an alert rule with its alerts.",
    )
    acknowledge_alerts = mutation(
        alerts.acknowledge_alerts,
        AcknowledgeAlertsPayload,
        AcknowledgeAlertsInput,
        AcknowledgeAlerts,
        "Acknowledges alerts.",
    )
    snooze_alerts = mutation(
        alerts.snooze_alerts, SnoozeAlertsPayload, SnoozeAlertsInput, SnoozeAlerts, "Snoozes alerts."
    )
