"""Daily snapshots of licence lines: which are due at the end of a day, and what a week of them adds up to.

The job takes the lines of the products that analytics are about; what is delivered is kept for every product.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.entitlements.license_lines import ANALYTICS_PRODUCTS
from domain.entitlements.lifecycle import entitlement_from_document, is_running
from domain.time.instants import DAY
from domain.time.weeks import week_of
from domain.types import Product

# As far back as a weekly change looks: days that were missed before that stay empty, since nobody knows their figures.
MAX_CATCH_UP_DAYS = 14


class WeekKey(NamedTuple):
    """What the sums of a week are kept by."""

    customer_id: str
    product: str
    week: datetime


class LicenseSums(NamedTuple):
    """Licences over lines; `available` is each line's own remainder, never less than 0."""

    total: int
    assigned: int
    used: int
    available: int


class LicenseWeek(NamedTuple):
    """What the snapshots of one customer, product and week say: the sums, and each line's own.

    `assigned` is by entitlement, of each line's last snapshot; only CALLING has it, whose users are counted by line.
    """

    sums: LicenseSums
    assigned: Mapping[str, int]


def start_of_day(moment: datetime) -> datetime:
    """The beginning of the moment's day."""
    return datetime(moment.year, moment.month, moment.day)


def days_to_snapshot(taken_until: datetime | None, created_at: datetime, now: datetime) -> list[datetime]:
    """The days that have ended and are still to be taken, oldest first; `taken_until` is the last one that was.

    A partner's first day is that of its creation; one that was never looked at begins with yesterday.
    """
    yesterday = start_of_day(now) - DAY
    oldest = yesterday - (MAX_CATCH_UP_DAYS - 1) * DAY
    first = yesterday if taken_until is None else max(taken_until + DAY, oldest)
    first = max(first, start_of_day(created_at))
    return [first + number * DAY for number in range((yesterday - first).days + 1)]


def lines_to_snapshot(entitlement: Mapping[str, Any], day: datetime) -> Iterator[Mapping[str, Any]]:
    """The stored lines of an entitlement of which a snapshot is due for the day: it runs as the day ends."""
    if is_running(entitlement_from_document(entitlement), day + DAY):
        yield from (line for line in entitlement["licenses"] if line["product"] in ANALYTICS_PRODUCTS)


def has_newer_figures(line: Mapping[str, Any], day: datetime) -> bool:
    """Whether a line's figures were delivered for a later day, and so are not those of this one."""
    return line.get("day") is not None and line["day"] > day


def sum_by_week(snapshots: Iterable[Mapping[str, Any]]) -> dict[WeekKey, LicenseWeek]:
    """By customer, product and week: what the last snapshot of each line in that week says, and Σ over the lines."""
    last: dict[WeekKey, dict[str, Mapping[str, Any]]] = {}
    for snapshot in snapshots:
        key = WeekKey(snapshot["customer_id"], snapshot["product"], week_of(snapshot["day"]))
        lines, id_ = last.setdefault(key, {}), snapshot["entitlement_id"]
        if id_ not in lines or lines[id_]["day"] < snapshot["day"]:
            lines[id_] = snapshot
    return {key: _week(key.product, lines) for key, lines in last.items()}


def _week(product: str, lines: Mapping[str, Mapping[str, Any]]) -> LicenseWeek:
    sums = LicenseSums(0, 0, 0, 0)
    for line in lines.values():
        sums = add_line(sums, line)
    is_calling = product == Product.CALLING
    return LicenseWeek(sums, {id_: line["assigned"] for id_, line in lines.items()} if is_calling else {})


def add_line(sums: LicenseSums, line: Mapping[str, Any]) -> LicenseSums:
    """The sums with one more line."""
    total, assigned, used = line["total"], line["assigned"], line["used"]
    remainder = max(0, total - assigned)
    return LicenseSums(sums.total + total, sums.assigned + assigned, sums.used + used, sums.available + remainder)


def week_span(weeks: Iterable[datetime]) -> tuple[datetime, datetime]:
    """From the first moment of the earliest week to the first one behind the latest."""
    known = list(weeks)
    return min(known), max(known) + timedelta(weeks=1)
