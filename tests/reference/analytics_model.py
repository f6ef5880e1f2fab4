"""The reference model of KPIs and licence analytics; it imports nothing of the product."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cmp_to_key
from math import ceil
from typing import Any

from tests.reference.model import Facts, LineKey, ModelPartner, months_later, sort_form

ANALYTICS_PRODUCTS = ["MEETINGS", "CALLING"]
DAY = timedelta(days=1)
RUNNING = ("ACTIVE", "SUSPENDED")
# The figures of one API object by their field names.
Figures = dict[str, Any]


class Delivered(ModelPartner):
    """What was delivered to a partner, with the daily snapshots."""

    def __init__(self) -> None:
        super().__init__()
        # By number and the first key of the single line.
        self.snapshots: dict[tuple[str, LineKey], dict[date, Facts]] = {}

    def deliver(self, kind: str, line: Facts, now: datetime) -> None:
        """Apply one accepted record."""
        super().deliver(kind, line, now)
        if kind != "license-usage":
            return
        target = self.usage_target(line)
        assert target is not None
        current = self.entitlement(line["entitlement"])["licenses"][target]
        days = self.snapshots.setdefault((line["entitlement"], current["history"]), {})
        figures: Facts = {name: line[name] for name in ("total", "assigned", "used") if name in line}
        kept: Facts = {"total": current["total"]}
        days[date.fromisoformat(line["day"])] = {**kept, **days.get(date.fromisoformat(line["day"]), {}), **figures}


@dataclass(frozen=True)
class Row:
    """The lines of one product in one entitlement as a sum, from which the rows of all reports are built.

    `histories` are the snapshots of each single line, also of lines that are gone; `single_lines` are those that are
    there, each with what it has assigned and its snapshots.
    """

    number: str
    kind: str
    product: str
    customer: str
    name: str
    state: str
    added_at: datetime
    ends_at: datetime
    auto_renew: bool
    renews: bool
    total: int
    assigned: int
    used: int
    available: int
    overage: int
    histories: Sequence[Mapping[date, Facts]] = ()
    single_lines: Sequence[tuple[int, Mapping[date, Facts]]] = ()

    @property
    def is_running(self) -> bool:
        """Return whether the entitlement is running."""
        return self.state in RUNNING

    def assigned_in(self, start: date) -> int:
        """Return the sum of what each single line had assigned in its latest snapshot of the week, else has now."""
        snapshots = [(now, last_of_week(days, start)) for now, days in self.single_lines]
        return sum(now if snapshot is None else snapshot["assigned"] for now, snapshot in snapshots)

    @property
    def rate(self) -> Fraction:
        """Return assigned ÷ total, of a line that has licences."""
        return Fraction(self.assigned, self.total)


@dataclass(frozen=True)
class Licenses:
    """A partner's licences at one moment for one viewer; `visible_ids` are external ids, None means all customers."""

    delivered: Delivered
    now: datetime
    ids: Mapping[str, str]
    visible_ids: frozenset[str] | None = None

    def is_visible(self, customer: str) -> bool:
        """Return whether the viewer sees the customer."""
        return self.visible_ids is None or customer in self.visible_ids

    def all_rows(self, product: str) -> list[Row]:
        """Return every line of the product that the partner has."""
        memo = self.delivered.memo
        if (self.now, product) not in memo:
            memo[self.now, product] = self._build_rows(product)
        rows: list[Row] = memo[self.now, product]
        return rows

    def _build_rows(self, product: str) -> list[Row]:
        customers = self.delivered.customers(self.now)
        return [
            self._row(kind, number, stored, product, customers[stored["customer"]]["name"])
            for kind in ("subscriptions", "trials")
            for number, stored in self.delivered.facts[kind].items()
            if product in [code for code, _ in stored["licenses"]] and stored["customer"] in customers
        ]

    def _row(self, kind: str, number: str, stored: Facts, product: str, name: str) -> Row:
        snapshots = self.delivered.snapshots.items()
        lines = [figures for (code, _), figures in stored["licenses"].items() if code == product]
        return Row(
            number,
            kind,
            product,
            stored["customer"],
            sort_form(name),
            self.delivered.state(kind, stored, self.now),
            stored["addedAt"],
            self.delivered.end(stored, self.now),
            bool(stored.get("autoRenew")),
            bool(stored.get("autoRenew")) and stored["cancelledAt"] is None,
            total=sum(line["total"] for line in lines),
            assigned=sum(line["assigned"] for line in lines),
            used=sum(line["used"] for line in lines),
            available=sum(max(0, line["total"] - line["assigned"]) for line in lines),
            overage=sum(max(0, line["assigned"] - line["total"]) for line in lines),
            histories=[days for (of, (code, _)), days in snapshots if (of, code) == (number, product)],
            single_lines=[
                (line["assigned"], self.delivered.snapshots.get((number, line["history"]), {}))
                for key, line in stored["licenses"].items()
                if key[0] == product
            ],
        )

    def rows(self, product: str) -> list[Row]:
        """Return the lines of the product of visible customers."""
        return [row for row in self.all_rows(product) if self.is_visible(row.customer)]

    def peer_group(self, product: str) -> list[Row]:
        """Return the partner's running lines with total ≥ 5 that were added at least 30 days ago."""
        rows = self.all_rows(product)
        return [row for row in rows if row.is_running and row.total >= 5 and row.added_at <= self.now - 30 * DAY]

    def threshold(self, product: str) -> Fraction | None:
        """Return the smaller of the group's 25th percentile (nearest rank) and 0.75; None below 8 lines."""
        rates = sorted(row.rate for row in self.peer_group(product))
        if len(rates) < 8:
            return None
        return min(rates[ceil(Fraction(len(rates), 4)) - 1], Fraction(3, 4))

    def recently_added(self, product: str, days: int) -> list[Row]:
        """Return lines with now − days < addedAt ≤ now, in any state but CANCELLED."""
        since = self.now - days * DAY
        return [row for row in self.rows(product) if since < row.added_at <= self.now and row.state != "CANCELLED"]

    def ending(self, product: str, days: int, *, renews: bool) -> list[Row]:
        """Return running lines with now < end ≤ now + days."""
        until = self.now + days * DAY
        running = [row for row in self.rows(product) if row.is_running and row.renews is renews]
        return [row for row in running if self.now < row.ends_at <= until]

    def low(self, product: str) -> list[Row]:
        """Return visible lines of the peer group with rate < threshold."""
        threshold = self.threshold(product)
        if threshold is None:
            return []
        return [row for row in self.peer_group(product) if row.rate < threshold and self.is_visible(row.customer)]

    def over_limit(self, product: str) -> list[Row]:
        """Return running rows with a single line that has assigned > total."""
        return [row for row in self.rows(product) if row.is_running and row.overage > 0]

    def kpis(self, product: str | None) -> dict[str, set[str]]:
        """Return the customers that each KPI counts."""
        products = ANALYTICS_PRODUCTS if product is None else [product]

        def over(rows: Callable[[str], Iterable[Row]]) -> set[str]:
            return {row.customer for code in products for row in rows(code)}

        return {
            "totalCustomers": over(lambda code: [row for row in self.rows(code) if row.is_running]),
            "nearingExpiration": over(lambda code: self.ending(code, 90, renews=False)),
            "nearingRenewal": over(lambda code: self.ending(code, 90, renews=True)),
            "lowLicenseAssignment": over(self.low),
            "overLicenseLimit": over(self.over_limit),
        }

    def trend(self, product: str, weeks: int) -> list[Figures]:
        """Return, for each completed week with snapshots, the sum over lines of the week's last snapshot."""
        this_week = monday(self.now.date())
        histories = [
            days for key, days in self.delivered.snapshots.items() if self._is_shown(key[0], key[1][0], product)
        ]
        points = []
        for back in range(weeks, 0, -1):
            start = this_week - back * 7 * DAY
            last = [one for days in histories if (one := last_of_week(days, start)) is not None]
            if last:
                points.append({"weekStart": str(start), **sums_of(last)})
        return points

    def _is_shown(self, number: str, snapshots_product: str, product: str) -> bool:
        """Return whether snapshots are of the product and of a visible, existing customer; their line may be gone."""
        customer = self.delivered.entitlement(number)["customer"]
        exists = customer in self.delivered.customers(self.now)
        return snapshots_product == product and exists and self.is_visible(customer)


def monday(day: date) -> date:
    """Return the Monday of the day's week."""
    return day - day.weekday() * DAY


def last_of_week(snapshots: Mapping[date, Facts], start: date) -> Facts | None:
    """Return the latest snapshot of the week that begins on this Monday."""
    days = [day for day in snapshots if start <= day < start + 7 * DAY]
    return snapshots[max(days)] if days else None


def sums_of(snapshots: list[Facts]) -> Figures:
    """Return the sums of the figures over the snapshots."""
    sums: Figures = {name: sum(snapshot[name] for snapshot in snapshots) for name in ("total", "assigned", "used")}
    return {**sums, "available": sum(max(0, one["total"] - one["assigned"]) for one in snapshots)}


def percent(part: int | Fraction, whole: int | Fraction) -> float | None:
    """Return part ÷ whole × 100, or None where the whole is 0."""
    return None if whole == 0 else float(Fraction(part) / Fraction(whole) * 100)


def whole_months(start: datetime, end: datetime) -> int:
    """Return the number of whole calendar months between; 0 where the end comes first."""
    count = 0
    while months_later(start, count + 1) <= end:
        count += 1
    return count


def report_row(row: Row, now: datetime) -> Figures:
    """Return all figures of one row of a report."""
    is_over = row.state in ("CANCELLED", "EXPIRED")
    week_ago = _week_ago(row, now.date())
    return {
        "customer": {"externalId": row.customer},
        "subscriptionId": row.number,
        "trial": row.kind == "trials",
        "daysSinceAdded": max(0, (now - row.added_at) // DAY),
        "monthsSinceAdded": whole_months(row.added_at, now),
        "daysToExpiry": 0 if is_over else -((now - row.ends_at) // DAY),
        "monthsRemaining": 0 if is_over else whole_months(now, row.ends_at),
        "autoRenew": row.auto_renew,
        "total": row.total,
        "assigned": row.assigned,
        "used": row.used,
        "available": row.available,
        "overage": row.overage,
        "assignedPercent": percent(row.assigned, row.total),
        "usedPercent": percent(row.used, row.total),
        "weeklyAssignmentChange": None if week_ago is None else row.assigned - week_ago["assigned"],
        "weeklyUsageChange": None if week_ago is None else row.used - week_ago["used"],
        "usedLastThreeMonths": highest_used(row, now.date()),
    }


def _week_ago(row: Row, today: date) -> Facts | None:
    """Return the sums of each line's latest snapshot whose date is 7 to 13 days before today."""
    ages = [{day for day in days if 7 * DAY <= today - day <= 13 * DAY} for days in row.histories]
    latest = [history[max(days)] for history, days in zip(row.histories, ages, strict=True) if days]
    return sums_of(latest) if latest else None


def highest_used(row: Row, today: date) -> int:
    """Return the highest sum of one of the last 92 dates, and the present figure."""
    dates = {day for days in row.histories for day in days if today - 91 * DAY <= day <= today}
    sums: list[int] = [sum(days[date]["used"] for days in row.histories if date in days) for date in dates]
    return max([row.used, *sums])


ORDER_VALUES: Mapping[str, Callable[[Row], Any]] = {
    "CUSTOMER_NAME": lambda row: row.name,
    "ADDED_AT": lambda row: row.added_at,
    "ENDS_AT": lambda row: row.ends_at,
    "TOTAL": lambda row: row.total,
    "ASSIGNED_PERCENT": lambda row: row.rate if row.total else None,
    "USED_PERCENT": lambda row: Fraction(row.used, row.total) if row.total else None,
    "OVERAGE": lambda row: row.overage,
}
DEFAULT_ORDERS = {
    "recentlyAdded": ("ADDED_AT", "DESC"),
    "expiring": ("ENDS_AT", "ASC"),
    "renewing": ("ENDS_AT", "ASC"),
    "lowAssignment": ("ASSIGNED_PERCENT", "ASC"),
    "overLimit": ("OVERAGE", "DESC"),
}


def in_order(rows: Iterable[Row], order: tuple[str, str]) -> list[Row]:
    """Return the rows ordered by the field, nulls last in both directions; ties by the customer's name, then number."""
    return ordered(rows, ORDER_VALUES[order[0]], order[1], lambda row: (row.name, row.number))


def ordered(rows: Iterable[Any], value: Callable[[Any], Any], direction: str, tie: Callable[[Any], Any]) -> list[Any]:
    """Return the rows ordered by a value, nulls last in both directions; ties always ascend."""

    def compare(one: Any, other: Any) -> int:
        a, b = value(one), value(other)
        if a == b:
            return -1 if tie(one) < tie(other) else 1
        if a is None or b is None:
            return 1 if a is None else -1
        return 1 if (a > b) is (direction == "ASC") else -1

    return sorted(rows, key=cmp_to_key(compare))


def reports(licenses: Licenses, product: str, days: int) -> dict[str, tuple[list[Row], Figures]]:
    """Return the rows and the figures of each report."""
    added, low = licenses.recently_added(product, days), licenses.low(product)
    expiring, renewing = (licenses.ending(product, days, renews=renews) for renews in (False, True))
    over, threshold = licenses.over_limit(product), licenses.threshold(product)
    overage = sum(row.overage for row in over)
    return {
        "recentlyAdded": (added, {"newCustomers": _customers(added), "totalLicenses": sum(r.total for r in added)}),
        "expiring": (expiring, {"expiringCustomers": _customers(expiring), **_shares(expiring)}),
        "renewing": (renewing, {"renewingCustomers": _customers(renewing), **_shares(renewing)}),
        "lowAssignment": (
            low,
            {
                "lowAssignmentCustomers": _customers(low),
                **_shares(low),
                "usageWhenAssignedPercent": percent(sum(r.used for r in low), sum(r.assigned for r in low)),
                "unassignedLicenses": sum(r.available for r in low),
                "peerGroupSize": len(licenses.peer_group(product)),
                "thresholdPercent": None if threshold is None else float(threshold * 100),
            },
        ),
        "overLimit": (
            over,
            {
                "customersWithOverage": _customers(over),
                "licensesInOverage": overage,
                "averageOverage": overage / _customers(over) if over else None,
            },
        ),
    }


def _customers(rows: list[Row]) -> int:
    return len({row.customer for row in rows})


def _shares(rows: list[Row]) -> Figures:
    total = sum(row.total for row in rows)
    return {
        "licenseAssignmentPercent": percent(sum(row.assigned for row in rows), total),
        "licenseUsagePercent": percent(sum(row.used for row in rows), total),
    }
