"""Daily snapshots of licence lines: which are due at the end of a day, and what a week of them adds up to.

The job takes the lines of the products that analytics are about; what is delivered is kept for every product.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.entitlements.license_lines import PRODUCTS
from domain.entitlements.lifecycle import entitlement_facts, is_running
from domain.time.instants import DAY
from domain.time.weeks import week_of
from domain.types import Product

# As far back as a weekly change looks: days that were missed before that stay empty, since nobody knows their figures.
LONGEST_CATCH_UP = 14


class WeekKey(NamedTuple):
    """What the sums of a week are kept by."""

    customer_id: str
    product: str
    week: datetime


class Sums(NamedTuple):
    """Licences over lines; `available` is each line's own remainder, never less than 0."""

    total: int
    assigned: int
    used: int
    available: int


class Week(NamedTuple):
    """What the snapshots of one customer, product and week say: the sums, and each line's own.

    `assigned` is by entitlement, of each line's last snapshot; only CALLING has it, whose users are counted by line.
    """

    sums: Sums
    assigned: Mapping[str, int]


def midnight(moment: datetime) -> datetime:
    """The beginning of the moment's day."""
    return datetime(moment.year, moment.month, moment.day)


def days_to_take(taken_until: datetime | None, created_at: datetime, now: datetime) -> list[datetime]:
    """The days that have ended and are still to be taken, oldest first; `taken_until` is the last one that was.

    A partner's first day is that of its creation; one that was never looked at begins with yesterday.
    """
    yesterday = midnight(now) - DAY
    oldest = yesterday - (LONGEST_CATCH_UP - 1) * DAY
    first = yesterday if taken_until is None else max(taken_until + DAY, oldest)
    first = max(first, midnight(created_at))
    return [first + number * DAY for number in range((yesterday - first).days + 1)]


def lines_due(entitlement: Mapping[str, Any], day: datetime) -> Iterator[Mapping[str, Any]]:
    """The stored lines of an entitlement of which a snapshot is due for the day: it runs as the day ends."""
    if is_running(entitlement_facts(entitlement), day + DAY):
        yield from (line for line in entitlement["licenses"] if line["product"] in PRODUCTS)


def is_newer(line: Mapping[str, Any], day: datetime) -> bool:
    """Whether a line's figures were delivered for a later day, and so are not those of this one."""
    return line.get("day") is not None and line["day"] > day


def weeks_of(snapshots: Iterable[Mapping[str, Any]]) -> dict[WeekKey, Week]:
    """By customer, product and week: what the last snapshot of each line in that week says, and Σ over the lines."""
    last: dict[WeekKey, dict[str, Mapping[str, Any]]] = {}
    for snapshot in snapshots:
        key = WeekKey(snapshot["customer_id"], snapshot["product"], week_of(snapshot["day"]))
        lines, id_ = last.setdefault(key, {}), snapshot["entitlement_id"]
        if id_ not in lines or lines[id_]["day"] < snapshot["day"]:
            lines[id_] = snapshot
    return {key: _week(key.product, lines) for key, lines in last.items()}


def _week(product: str, lines: Mapping[str, Mapping[str, Any]]) -> Week:
    sums = Sums(0, 0, 0, 0)
    for line in lines.values():
        sums = added(sums, line)
    is_calling = product == Product.CALLING
    return Week(sums, {id_: line["assigned"] for id_, line in lines.items()} if is_calling else {})


def added(sums: Sums, line: Mapping[str, Any]) -> Sums:
    """The sums with one more line."""
    total, assigned, used = line["total"], line["assigned"], line["used"]
    remainder = max(0, total - assigned)
    return Sums(sums.total + total, sums.assigned + assigned, sums.used + used, sums.available + remainder)


def week_span(weeks: Iterable[datetime]) -> tuple[datetime, datetime]:
    """From the first moment of the earliest week to the first one behind the latest."""
    known = list(weeks)
    return min(known), max(known) + timedelta(weeks=1)
