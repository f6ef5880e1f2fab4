"""Daily snapshots of licence lines: which are due at the end of a day, and the weekly sums of snapshots.

The job takes snapshots of the analytics products only; an import may deliver them for every product.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.entitlements.license_keys import key_of_line, single_line_id
from domain.entitlements.license_lines import ANALYTICS_PRODUCTS
from domain.entitlements.lifecycle import entitlement_from_document, is_running
from domain.time.instants import DAY
from domain.time.weeks import week_of
from domain.types import Product

# The weekly change looks back this far. Days missed before that stay without snapshots: their figures are unknown.
MAX_CATCH_UP_DAYS = 14


class WeekKey(NamedTuple):
    """The customer, product and week (its Monday) of one document of weekly sums."""

    customer_id: str
    product: str
    week: datetime


class LicenseSums(NamedTuple):
    """Licences summed over lines; `available` sums the remainder of each line, which is never negative."""

    total: int
    assigned: int
    used: int
    available: int


class LicenseWeek(NamedTuple):
    """The last snapshot of each line in one customer, product and week: the sums over lines, and `assigned`.

    `assigned` is by `single_line_id` and only filled for CALLING, whose licensed users are counted by single line.
    """

    sums: LicenseSums
    assigned: Mapping[str, int]


def start_of_day(moment: datetime) -> datetime:
    """Return 00:00 UTC of the moment's date."""
    return datetime(moment.year, moment.month, moment.day)


def days_to_snapshot(taken_until: datetime | None, created_at: datetime, now: datetime) -> list[datetime]:
    """Return the ended days whose snapshots are missing, oldest first.

    `taken_until` is the last day that is complete, or None where no day is: then only yesterday is due. A partner's
    first day is the day of its creation.
    """
    yesterday = start_of_day(now) - DAY
    oldest = yesterday - (MAX_CATCH_UP_DAYS - 1) * DAY
    first = yesterday if taken_until is None else max(taken_until + DAY, oldest)
    first = max(first, start_of_day(created_at))
    return [first + number * DAY for number in range((yesterday - first).days + 1)]


def lines_to_snapshot(entitlement: Mapping[str, Any], day: datetime) -> Iterator[Mapping[str, Any]]:
    """Yield the stored licence figures of an entitlement that need a snapshot: it is running when the day ends."""
    if is_running(entitlement_from_document(entitlement), day + DAY):
        yield from (figures for figures in entitlement["licenses"] if figures["product"] in ANALYTICS_PRODUCTS)


def has_newer_figures(figures: Mapping[str, Any], day: datetime) -> bool:
    """Return whether the stored figures were delivered for a later day, so that they do not describe `day`."""
    return figures.get("day") is not None and figures["day"] > day


def sum_by_week(snapshots: Iterable[Mapping[str, Any]]) -> dict[WeekKey, LicenseWeek]:
    """Return the sums by customer, product and week, over the last snapshot of each line in that week."""
    last: dict[WeekKey, dict[str, Mapping[str, Any]]] = {}
    for snapshot in snapshots:
        key = WeekKey(snapshot["customer_id"], snapshot["product"], week_of(snapshot["day"]))
        line = single_line_id(snapshot["entitlement_id"], key_of_line(snapshot))
        by_line = last.setdefault(key, {})
        if line not in by_line or by_line[line]["day"] < snapshot["day"]:
            by_line[line] = snapshot
    return {key: _sum_week(key.product, by_line) for key, by_line in last.items()}


def _sum_week(product: str, by_line: Mapping[str, Mapping[str, Any]]) -> LicenseWeek:
    sums = LicenseSums(0, 0, 0, 0)
    for snapshot in by_line.values():
        sums = _add_snapshot(sums, snapshot)
    assigned = {line: snapshot["assigned"] for line, snapshot in by_line.items()}
    return LicenseWeek(sums, assigned if product == Product.CALLING else {})


def _add_snapshot(sums: LicenseSums, snapshot: Mapping[str, Any]) -> LicenseSums:
    total, assigned, used = snapshot["total"], snapshot["assigned"], snapshot["used"]
    return add_sums(sums, LicenseSums(total, assigned, used, max(0, total - assigned)))


def add_sums(one: LicenseSums, other: LicenseSums) -> LicenseSums:
    """Return the sums over the lines of both."""
    return LicenseSums(*(first + second for first, second in zip(one, other, strict=True)))


def week_span(weeks: Iterable[datetime]) -> tuple[datetime, datetime]:
    """Return the start of the earliest week and the end (exclusive) of the latest; `weeks` must not be empty."""
    mondays = list(weeks)
    return min(mondays), max(mondays) + timedelta(weeks=1)
