"""Forecasts: what ends or renews in the coming calendar months, and with how many licences it could be renewed.

A renewing subscription counts in each month in which one of its coming ends falls. Ends are whole months apart, so the
months follow from the month of the next end and the length of the term.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct, field

from domain.failures import NumberOutOfRange
from domain.money import Money

MAX_FORECAST_MONTHS = 24


class EndSums(NamedTuple):
    """Sums over entitlements, and over their lines of the products asked for; `value` is of one currency or None."""

    entitlements: int
    licenses: int
    unassigned: int
    unused: int
    value: Money | None = None


class EndGroup(NamedTuple):
    """Entitlements whose next end falls in the month; `term_months` is None where they do not renew."""

    month: date
    term_months: int | None
    sums: EndSums


class RenewalMonth(Struct):
    """What ends in one calendar month. `amounts` are the newest invoices of these subscriptions by currency."""

    month: date
    renewing: int = 0
    expiring: int = 0
    licenses: int = 0
    unassigned: int = 0
    unused: int = 0
    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def value(self) -> list[Money]:
        """The amounts in the order of the currency codes."""
        return [Money(self.amounts[currency], currency) for currency in sorted(self.amounts)]

    def add(self, sums: EndSums, *, renews: bool) -> None:
        """Count entitlements that end in this month."""
        if renews:
            self.renewing += sums.entitlements
        else:
            self.expiring += sums.entitlements
        self.licenses += sums.licenses
        self.unassigned += sums.unassigned
        self.unused += sums.unused
        if sums.value is not None:
            self.amounts[sums.value.currency] += sums.value.amount


def check_months(months: int) -> int:
    """Return `months`, the length of a forecast; raise NumberOutOfRange outside 1–24."""
    if not 1 <= months <= MAX_FORECAST_MONTHS:
        raise NumberOutOfRange("months", 1, MAX_FORECAST_MONTHS, months)
    return months


def month_of(instant: date) -> date:
    """Return the first day of the calendar month."""
    return date(instant.year, instant.month, 1)


def later_month(month: date, months: int) -> date:
    """Return the first day of the calendar month `months` later."""
    years, index = divmod(month.month - 1 + months, 12)
    return date(month.year + years, index + 1, 1)


def forecast_months(groups: Iterable[EndGroup], now: datetime, months: int) -> Sequence[RenewalMonth]:
    """Return the calendar months from the present one, each with what ends in it."""
    first = month_of(now)
    by_month = {month: RenewalMonth(month) for month in (later_month(first, number) for number in range(months))}
    for group in groups:
        for month in _months_of(group, by_month):
            by_month[month].add(group.sums, renews=group.term_months is not None)
    return list(by_month.values())


def _months_of(group: EndGroup, by_month: Mapping[date, RenewalMonth]) -> Iterator[date]:
    month = group.month
    while month in by_month:
        yield month
        if group.term_months is None:
            return
        month = later_month(month, group.term_months)


def suggested_total(needed: int) -> int:
    """Return the number of licences for `needed` users: one tenth more, rounded up, at least 1."""
    return max(1, (11 * needed + 9) // 10)
