"""Alerts: rules that watch the statuses of customers, their limits, and the inputs of their mutations."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct

from domain.inputs import ABSENT, Omittable
from domain.types import CustomerStatus

MAX_NAME_LENGTH = 100
MAX_OWN_RULES = 20
# The list of rules has no pages; a setting can lower the limit.
MAX_RULES = 200
MAX_ALERTS_PER_CHANGE = 500
MAX_SNOOZE = timedelta(days=366)
RESOLVED_RETENTION = timedelta(days=90)


class AlertState(StrEnum):
    """What the owner of the rule has done about an alert, until its status is left."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    SNOOZED = "SNOOZED"
    RESOLVED = "RESOLVED"


class AlertSchedule(StrEnum):
    """When the e-mails of a rule are sent."""

    AT_ONCE = "AT_ONCE"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"


class SaveAlertRule(Struct, frozen=True, kw_only=True):
    """A new rule with a name and statuses, or with an `id` the changes of a rule; an absent field keeps its value."""

    id: Omittable[str] = ABSENT
    version: Omittable[int] = ABSENT
    name: Omittable[str] = ABSENT
    statuses: Omittable[tuple[CustomerStatus, ...]] = ABSENT
    filter: Omittable[Mapping[str, Any]] = ABSENT
    schedule: Omittable[AlertSchedule] = ABSENT
    email: Omittable[bool] = ABSENT
    time_zone: Omittable[str] = ABSENT
    paused: Omittable[bool] = ABSENT


class DeleteAlertRule(Struct, frozen=True, kw_only=True):
    """The rule to be deleted with its alerts."""

    id: str


class AcknowledgeAlerts(Struct, frozen=True, kw_only=True):
    """The alerts that their owner has taken note of."""

    alerts: tuple[str, ...]


class SnoozeAlerts(Struct, frozen=True, kw_only=True):
    """The alerts that their owner wants to see again at `until`; null or absent is for until the status is left."""

    alerts: tuple[str, ...]
    until: Omittable[datetime] = ABSENT
