"""Conditions on what customers hold, as KPIs ask them: as plain data, and decided for one customer in memory.

Each names two kinds of keys to read by: whoever carries a `exact` one matches, and of those who carry an `inexact` one
the summary decides. Nobody else matches.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.entitlements.holdings import YOUNG, Holding, day_key, day_number, rate_key, uncapped_rate_step
from domain.entitlements.peer_groups import latest_peer_addition

KPI_WINDOW_DAYS = 90
# A moment that has passed hides those behind it until the clock's job has been there, which so may be a week behind.
_CLOCK_LAG_DAYS = 7


class ConditionKeys(NamedTuple):
    """The keys that every match carries one of."""

    exact: tuple[str, ...]
    inexact: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Those of both kinds."""
        return self.exact + self.inexact


def _days_until(today: int) -> range:
    return range(today - _CLOCK_LAG_DAYS, today + 1)


@dataclass(frozen=True, slots=True)
class HoldingEndsWithin:
    """A running line of one of the products ends, or renews by itself, within so many days.

    `end_kind` is EXPIRING or RENEWING of domain.holdings.
    """

    end_kind: str
    products: tuple[str, ...]
    days: int = KPI_WINDOW_DAYS

    def until(self, now: datetime) -> datetime:
        """The last moment of the window."""
        return now + timedelta(days=self.days)

    def keys(self, now: datetime) -> ConditionKeys:
        """The days of the window; of the first and the last only a part lies in it."""
        first, last = day_number(now), day_number(self.until(now))
        exact = [day_key(self.end_kind, product, day) for product in self.products for day in range(first + 1, last)]
        partly = {*_days_until(first), last}
        inexact = [day_key(self.end_kind, product, day) for product in self.products for day in partly]
        return ConditionKeys(tuple(sorted(exact)), tuple(sorted(inexact)))

    def matches(self, holdings: Mapping[str, Holding], now: datetime) -> bool:
        """Whether it holds for a customer with this summary."""
        until = self.until(now)
        held = [holdings[product][f"{self.end_kind}_ends"] for product in self.products if product in holdings]
        return any(now < end <= until for ends in held for end in ends)


@dataclass(frozen=True, slots=True)
class HasLowAssignment:
    """A line of the peer group of one of the products is assigned below the group's threshold.

    `thresholds` are those of now, of the products that have one. They are no part of the list's name: a cursor
    outlives them.
    """

    products: tuple[str, ...]
    thresholds: tuple[tuple[str, float], ...] = field(repr=False)

    def keys(self, now: datetime) -> ConditionKeys:
        """The steps of the rates below the threshold; of its own step, and of lines that grew old, not all are low."""
        exact = [
            rate_key(product, step) for product, limit in self.thresholds for step in range(uncapped_rate_step(limit))
        ]
        inexact = [rate_key(product, uncapped_rate_step(limit)) for product, limit in self.thresholds]
        days = _days_until(day_number(now))
        inexact += [day_key(YOUNG, product, day) for product, _ in self.thresholds for day in days]
        return ConditionKeys(tuple(sorted(exact)), tuple(sorted(inexact)))

    def matches(self, holdings: Mapping[str, Holding], now: datetime) -> bool:
        """Whether it holds for a customer with this summary."""
        until = latest_peer_addition(now)
        return any(
            line["added_at"] <= until and line["rate"] < limit
            for product, limit in self.thresholds
            if product in holdings
            for line in holdings[product]["rates"]
        )


HoldingCondition = HoldingEndsWithin | HasLowAssignment
