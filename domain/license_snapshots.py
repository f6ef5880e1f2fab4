"""Daily snapshots of licence lines: which are due at the end of a day, and what a week of them adds up to.

The job takes the lines of the products that analytics are about; what is delivered is kept for every product.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.entitlements import entitlement_facts, is_running
from domain.instants import DAY
from domain.license_lines import PRODUCTS
from domain.weeks import week_of

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


def weekly_sums(snapshots: Iterable[Mapping[str, Any]]) -> dict[WeekKey, Sums]:
    """By customer, product and week: Σ over lines of the line's last snapshot in that week."""
    last: dict[tuple[str, WeekKey], Mapping[str, Any]] = {}
    for snapshot in snapshots:
        week = WeekKey(snapshot["customer_id"], snapshot["product"], week_of(snapshot["day"]))
        key = (snapshot["entitlement_id"], week)
        if key not in last or last[key]["day"] < snapshot["day"]:
            last[key] = snapshot
    sums: dict[WeekKey, Sums] = {}
    for (_, week), snapshot in last.items():
        sums[week] = added(sums.get(week, Sums(0, 0, 0, 0)), snapshot)
    return sums


def added(sums: Sums, line: Mapping[str, Any]) -> Sums:
    """The sums with one more line."""
    total, assigned, used = line["total"], line["assigned"], line["used"]
    remainder = max(0, total - assigned)
    return Sums(sums.total + total, sums.assigned + assigned, sums.used + used, sums.available + remainder)


def week_span(weeks: Iterable[datetime]) -> tuple[datetime, datetime]:
    """From the first moment of the earliest week to the first one behind the latest."""
    known = list(weeks)
    return min(known), max(known) + timedelta(weeks=1)
