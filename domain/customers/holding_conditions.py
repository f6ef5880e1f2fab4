"""Conditions of KPIs on what customers hold: as plain data, and evaluated for one customer in memory.

Each condition gives two kinds of keys. A customer with an `exact` key matches. For a customer with an `inexact` key
the summary of holdings decides. No other customer matches.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from domain.entitlements.holdings import YOUNG, Holding, day_key, day_number, rate_key, uncapped_rate_step
from domain.entitlements.peer_groups import latest_peer_addition

KPI_WINDOW_DAYS = 90
# A key names only the soonest moment. A moment that has passed hides the later ones until the clock job re-evaluates
# the customer, so the windows begin earlier by the lag that this tolerates.
_CLOCK_LAG_DAYS = 7


class ConditionKeys(NamedTuple):
    """Keys of which every match has at least one."""

    exact: tuple[str, ...]
    inexact: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """The keys of both kinds."""
        return self.exact + self.inexact


def _days_until(today: int) -> range:
    return range(today - _CLOCK_LAG_DAYS, today + 1)


class HoldingEndsWithin(Struct, frozen=True):
    """A running line of one of the products ends, or renews automatically, within `days` days.

    `end_kind` is EXPIRING or RENEWING of domain.holdings.
    """

    end_kind: str
    products: tuple[str, ...]
    days: int = KPI_WINDOW_DAYS

    def until(self, now: datetime) -> datetime:
        """Return the last moment of the window."""
        return now + timedelta(days=self.days)

    def keys(self, now: datetime) -> ConditionKeys:
        """Return the days of the window; the first and the last day are only partial_days inside it."""
        first, last = day_number(now), day_number(self.until(now))
        exact = [day_key(self.end_kind, product, day) for product in self.products for day in range(first + 1, last)]
        partial_days = {*_days_until(first), last}
        inexact = [day_key(self.end_kind, product, day) for product in self.products for day in partial_days]
        return ConditionKeys(tuple(sorted(exact)), tuple(sorted(inexact)))

    def matches(self, holdings: Mapping[str, Holding], now: datetime) -> bool:
        """Whether a customer with this summary matches."""
        until = self.until(now)
        ends = [
            end
            for product in self.products
            if product in holdings
            for end in holdings[product][f"{self.end_kind}_ends"]
        ]
        return any(now < end <= until for end in ends)


@dataclass(frozen=True, slots=True)
class HasLowAssignment:
    """A line of the peer group of one of the products is assigned below the group's threshold.

    `thresholds` are the current ones, by product; None until they are read (store/licenses/thresholds.py). They are not
    part of the list's digest, so that a cursor stays valid when they change.
    """

    products: tuple[str, ...]
    thresholds: tuple[tuple[str, float], ...] | None = field(default=None, repr=False)

    @property
    def limits(self) -> tuple[tuple[str, float], ...]:
        """The thresholds; raise ValueError where they were not read."""
        if self.thresholds is None:
            raise ValueError("The thresholds of the peer groups were not read.")
        return self.thresholds

    def with_thresholds(self, thresholds: Mapping[str, float | None]) -> "HasLowAssignment":
        """Return the condition with the thresholds; a product without one has no low line."""
        limits = [(product, thresholds.get(product)) for product in self.products]
        return HasLowAssignment(self.products, tuple((code, limit) for code, limit in limits if limit is not None))

    def keys(self, now: datetime) -> ConditionKeys:
        """Return the steps below the threshold as exact; its own step and lines that became old as inexact."""
        exact = [rate_key(product, step) for product, limit in self.limits for step in range(uncapped_rate_step(limit))]
        inexact = [rate_key(product, uncapped_rate_step(limit)) for product, limit in self.limits]
        days = _days_until(day_number(now))
        inexact += [day_key(YOUNG, product, day) for product, _ in self.limits for day in days]
        return ConditionKeys(tuple(sorted(exact)), tuple(sorted(inexact)))

    def matches(self, holdings: Mapping[str, Holding], now: datetime) -> bool:
        """Whether a customer with this summary matches."""
        until = latest_peer_addition(now)
        return any(
            line["added_at"] <= until and line["rate"] < limit
            for product, limit in self.limits
            if product in holdings
            for line in holdings[product]["rates"]
        )


HoldingCondition = HoldingEndsWithin | HasLowAssignment
