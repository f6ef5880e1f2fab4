"""Trials that are started here: their limits, and what each change makes of their facts (domain.md, "Tags, trials")."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.time.instants import DAY, add_months
from domain.types import Product, SubscriptionType

MAX_TRIAL_DAYS = 90
MAX_EXTENDED_TRIAL_DAYS = 120
MAX_TRIAL_LICENSES = 1_000
MAX_TERM_MONTHS = 60
MAX_NUMBER_LENGTH = 100
Facts = dict[str, Any]
_UNSET: Mapping[str, Any] = {
    "set_up": True,
    "suspended": False,
    "cancelled_at": None,
    "renewals": 0,
    "extensions": [],
    "started_by": None,
    "ended_early_at": None,
    "converted_to": None,
    "delivered": {},
}
_ORDER = {str(product): place for place, product in enumerate(Product)}


def build_trial(licenses: Mapping[str, int], days: int, now: datetime, started_by: str) -> Facts:
    """The facts of a trial that begins now: licences by product, none of them assigned yet."""
    lines = [
        {"product": product, "total": licenses[product], "assigned": 0, "used": 0, "day": None}
        for product in sorted(licenses, key=_ORDER.__getitem__)
    ]
    return {
        "kind": str(SubscriptionType.TRIAL),
        **_UNSET,
        **_period(now, now + days * DAY),
        "term_months": None,
        "auto_renew": False,
        "licenses": lines,
        "started_by": started_by,
    }


def extended_length(trial: Mapping[str, Any], days: int) -> timedelta:
    """How long the trial would last with so many days more, from its start."""
    lasts: timedelta = trial["first_ends_at"] - trial["starts_at"]
    return lasts + days * DAY


def build_extension(trial: Mapping[str, Any], days: int, now: datetime, by: str) -> Facts:
    """What changes where days are added to a trial's end."""
    extensions: Sequence[Facts] = trial["extensions"]
    end = trial["first_ends_at"] + days * DAY
    return {**_end(end), "extensions": [*extensions, {"at": now, "by": by, "days": days}]}


def build_early_end(now: datetime) -> Facts:
    """What changes where a trial is ended before its time."""
    return {**_end(now), "ended_early_at": now}


def build_conversion(trial: Mapping[str, Any], months: int, auto_renew: bool, now: datetime) -> Facts:
    """The facts of the subscription that a trial becomes now: set up, with the same lines, assignments and usage."""
    return {
        "kind": str(SubscriptionType.SUBSCRIPTION),
        **_UNSET,
        **_period(now, add_months(now, months)),
        "term_months": months,
        "auto_renew": auto_renew,
        "licenses": [dict(line) for line in trial["licenses"]],
    }


def _period(start: datetime, end: datetime) -> Facts:
    return {"added_at": start, "starts_at": start, **_end(end)}


def _end(end: datetime) -> Facts:
    return {"first_ends_at": end, "ends_at": end}
