"""The sample's order desk: subscriptions and trials placed in time around the given day."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sample.licenses import License, Use, draw_licenses
from sample.seeded_random import Dice

_TERMS = ((12, 60), (36, 16), (24, 10), (1, 8), (6, 3), (60, 3))
_FIXED_TERMS = ((12, 6), (24, 2), (36, 2))


@dataclass(slots=True)
class Entitlement:
    """A subscription, or a trial where `term_months` is 0."""

    number: str
    added: datetime
    starts: datetime
    ends: datetime
    licenses: tuple[License, ...]
    term_months: int = 0
    auto_renew: bool = False
    set_up: bool = True
    suspended: bool = False
    cancelled: datetime | None = None

    @property
    def is_trial(self) -> bool:
        return self.term_months == 0


def add_months(moment: datetime, months: int) -> datetime:
    """The same day of another month, clamped to that month's length."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))


class OrderDesk:
    """Makes entitlements; everything that has happened happened before the day's midnight."""

    def __init__(self, dice: Dice, day: date) -> None:
        self.dice = dice
        self.midnight = datetime.combine(day, time())
        self._numbers = 0

    def days(self, low: int, high: int) -> timedelta:
        """From `low` days to one second less than `high`."""
        return timedelta(seconds=self.dice.between(low * 86_400, high * 86_400 - 1))

    def ago(self, low: int, high: int) -> datetime:
        return self.midnight - timedelta(seconds=1) - self.days(low, high)

    def ahead(self, low: int, high: int) -> datetime:
        return self.midnight + self.days(low, high)

    def _number(self, prefix: str) -> str:
        self._numbers += 1
        return f"{prefix}-{self._numbers:06d}"

    def renewing(self, size: int, use: Use = Use.NORMAL, youngest: int = 3) -> Entitlement:
        """A subscription that renews itself, `youngest` days old or older."""
        starts, term = self.ago(youngest, youngest + self.dice.pick((200, 700, 1_900))), self.dice.weighted(_TERMS)
        terms = 1
        while add_months(starts, term * terms) <= self.midnight:
            terms += 1
        # Now and then the ordering system has not delivered the renewal yet, and the rule has to know it.
        if terms > 1 and self.dice.chance(0.04):
            terms -= 1
        return self._subscription(starts, add_months(starts, term * terms), size, use, term, auto_renew=True)

    def fixed(self, size: int, use: Use = Use.NORMAL) -> Entitlement:
        """A running subscription without auto-renewal whose end is still far."""
        term = self.dice.weighted(_FIXED_TERMS)
        ends = self.ahead(32, term * 30 - 100)
        return self._subscription(add_months(ends, -term), ends, size, use, term)

    def fixed_until(self, ends: datetime, size: int, use: Use = Use.NORMAL) -> Entitlement:
        """A subscription without auto-renewal that ends at the given moment, at most half a year ahead."""
        term = self.dice.weighted(_FIXED_TERMS)
        return self._subscription(add_months(ends, -term), ends, size, use, term)

    def cancelled(self, size: int, low: int = 1, high: int = 300) -> Entitlement:
        subscription = self.renewing(size, Use.QUIET, youngest=high + 30)
        subscription.cancelled = self.ago(low, high)
        return subscription

    def ready(self, size: int) -> Entitlement:
        """Ordered in the last days and not set up."""
        starts = self.ago(0, 12)
        subscription = self._subscription(starts, add_months(starts, 12), size, Use.NONE, 12, auto_renew=True)
        subscription.set_up = False
        return subscription

    def starting_at(self, starts: datetime, size: int) -> Entitlement:
        """A subscription whose start lies ahead."""
        subscription = self._subscription(starts, add_months(starts, 12), size, Use.NONE, 12, auto_renew=True)
        subscription.added = self.ago(0, 20)
        return subscription

    def trial(self, starts: datetime, ends: datetime, size: int, use: Use = Use.NORMAL) -> Entitlement:
        licenses = draw_licenses(self.dice, min(100, max(5, size // 4)), use)
        return Entitlement(self._number("TRL"), starts, starts, ends, licenses)

    def trial_until(self, ends: datetime, size: int) -> Entitlement:
        """A running trial that began in the last weeks."""
        return self.trial(self.ago(2, 26), ends, size)

    def trial_before(self, subscription: Entitlement, size: int) -> Entitlement:
        """The trial that the subscription was converted from: it ended as the subscription began."""
        starts = subscription.starts - self.days(7, 60)
        subscription.added = subscription.starts
        return self.trial(starts, subscription.starts, size)

    def _subscription(
        self, starts: datetime, ends: datetime, size: int, use: Use, term: int, auto_renew: bool = False
    ) -> Entitlement:
        added = starts - self.days(0, 14)
        licenses = draw_licenses(self.dice, size, use)
        return Entitlement(self._number("SUB"), added, starts, ends, licenses, term, auto_renew)
