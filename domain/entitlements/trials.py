"""Trials that are started here: limits, inputs of their mutations, and the facts that each change gives."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from domain.inputs import ABSENT, Omittable
from domain.time.instants import DAY, add_months
from domain.types import ManagedBy, Product, SubscriptionType

MAX_TRIAL_DAYS = 90
MAX_EXTENDED_TRIAL_DAYS = 120
MAX_TRIAL_LICENSES = 1_000
MAX_SUBSCRIPTION_LICENSES = 1_000_000
MAX_TERM_MONTHS = 60
MAX_NUMBER_LENGTH = 100
Facts = dict[str, Any]
_UNSET: Mapping[str, Any] = {
    "set_up": True,
    "suspended": False,
    "suspended_at": None,
    "cancelled_at": None,
    "overdue_invoice": None,
    "invoice_state": None,
    "renewals": 0,
    "extensions": [],
    "started_by": None,
    "ended_early_at": None,
    "converted_to": None,
    "delivered": {},
}
_ORDER = {str(product): position for position, product in enumerate(Product)}


class TrialLicenses(Struct, frozen=True, kw_only=True):
    """A number of licences of one product."""

    product: Product
    licenses: int


class NewCustomer(Struct, frozen=True, kw_only=True):
    """A customer that is created with its first trial."""

    name: str
    external_id: Omittable[str] = ABSENT
    managed_by: ManagedBy
    domain: Omittable[str] = ABSENT
    country: Omittable[str] = ABSENT


class TrialCustomer(Struct, frozen=True, kw_only=True):
    """An existing customer by id, or a new one; the API admits exactly one of both."""

    id: Omittable[str] = ABSENT
    new: Omittable[NewCustomer] = ABSENT


class StartTrial(Struct, frozen=True, kw_only=True):
    """A trial that starts now; without `days` it lasts as long as the partner's settings say."""

    customer: TrialCustomer
    licenses: tuple[TrialLicenses, ...]
    days: Omittable[int] = ABSENT


class ExtendTrial(Struct, frozen=True, kw_only=True):
    """Days to be added to the end of a trial."""

    id: str
    version: int
    days: int


class ChangeTrial(Struct, frozen=True, kw_only=True):
    """New numbers of licences of a running trial; a product with 0 leaves it, and one that is not given stays."""

    id: str
    version: int
    licenses: tuple[TrialLicenses, ...]


class EndTrial(Struct, frozen=True, kw_only=True):
    """The trial to be ended now."""

    id: str
    version: int


class ConvertTrial(Struct, frozen=True, kw_only=True):
    """The running trial to be converted, and the terms of its subscription; `licenses` are totals that differ."""

    id: str
    version: int
    number: str
    months: int
    auto_renew: bool
    licenses: Omittable[tuple[TrialLicenses, ...]] = ABSENT


def build_trial(licenses: Mapping[str, int], days: int, now: datetime, started_by: str) -> Facts:
    """Return the facts of a trial that starts now; `licenses` counts by product, none of them is assigned."""
    return {
        "kind": str(SubscriptionType.TRIAL),
        **_UNSET,
        **_period(now, now + days * DAY),
        "term_months": None,
        "auto_renew": False,
        "licenses": change_totals((), licenses),
        "started_by": started_by,
    }


def change_totals(lines: Sequence[Mapping[str, Any]], totals: Mapping[str, int]) -> list[Facts]:
    """Return licence lines with new totals by product.

    A product with 0 licences leaves; other lines keep their assigned and used licences. A product without a line gets
    one without assigned licences, after the others.
    """
    present = {line["product"] for line in lines}
    kept = [{**line, "total": totals.get(line["product"], line["total"])} for line in lines]
    added = [
        {"product": product, "total": totals[product], "assigned": 0, "used": 0, "day": None}
        for product in sorted(totals.keys() - present, key=_ORDER.__getitem__)
    ]
    return [line for line in [*kept, *added] if totals.get(line["product"]) != 0]


def extended_length(trial: Mapping[str, Any], days: int) -> timedelta:
    """Return the trial's length from its start, with `days` more."""
    length: timedelta = trial["first_ends_at"] - trial["starts_at"]
    return length + days * DAY


def build_extension(trial: Mapping[str, Any], days: int, now: datetime, by: str) -> Facts:
    """Return the changed facts of a trial whose end moves by `days`."""
    extensions: Sequence[Facts] = trial["extensions"]
    end = trial["first_ends_at"] + days * DAY
    return {**_end(end), "extensions": [*extensions, {"at": now, "by": by, "days": days}]}


def build_early_end(now: datetime) -> Facts:
    """Return the changed facts of a trial that is ended early."""
    return {**_end(now), "ended_early_at": now}


def build_conversion(
    trial: Mapping[str, Any], months: int, auto_renew: bool, totals: Mapping[str, int], now: datetime
) -> Facts:
    """Return the facts of the subscription that replaces a trial.

    It is set up, with the trial's lines and their usage; `totals` are the totals by product that differ.
    """
    return {
        "kind": str(SubscriptionType.SUBSCRIPTION),
        **_UNSET,
        **_period(now, add_months(now, months)),
        "term_months": months,
        "auto_renew": auto_renew,
        "licenses": change_totals(trial["licenses"], totals),
    }


def _period(start: datetime, end: datetime) -> Facts:
    return {"added_at": start, "starts_at": start, **_end(end)}


def _end(end: datetime) -> Facts:
    return {"first_ends_at": end, "ends_at": end}
