"""The sample's subscriptions and trials, with dates relative to the given day."""

from datetime import date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta
from msgspec import Struct
from msgspec.structs import replace

from sample.licenses import License, LicenseChange, UsageLevel, draw_licenses
from sample.seeded_random import SeededRandom

_TERMS = ((12, 60), (36, 16), (24, 10), (1, 8), (6, 3), (60, 3))
_FIXED_TERMS = ((12, 6), (24, 2), (36, 2))
# Ranges of days, with weights, that are added to the minimum age of a renewing subscription. Few are new.
_AGE_RANGES = ((200, 12), (700, 38), (1_900, 50))
# The share of subscriptions whose licenses were changed by an order.
_CHANGED_SHARE = 0.2


class Entitlement(Struct):
    """A subscription, or a trial where `term_months` is 0."""

    number: str
    added_at: datetime
    starts_at: datetime
    ends_at: datetime
    licenses: tuple[License, ...]
    term_months: int = 0
    auto_renew: bool = False
    set_up: bool = True
    suspended_at: datetime | None = None
    cancelled_at: datetime | None = None
    change: LicenseChange | None = None

    @property
    def is_trial(self) -> bool:
        return self.term_months == 0

    def total_at(self, license_: License, moment: datetime) -> int:
        """Return how many licenses of a line were ordered at a moment."""
        change = self.change
        is_later = change is not None and change.line.identity == license_.identity and change.at > moment
        return license_.total - (change.count if change and is_later else 0)

    def licenses_at(self, moment: datetime) -> tuple[License, ...]:
        """Return the lines with the totals of a moment."""
        return tuple(replace(line, total=self.total_at(line, moment)) for line in self.licenses)


def add_months(moment: datetime, months: int) -> datetime:
    """Return the same day of another month, or the last day of a shorter month."""
    return moment + relativedelta(months=months)


class EntitlementFactory:
    """Creates entitlements; past events lie before the midnight at which the day begins."""

    def __init__(self, rng: SeededRandom, day: date) -> None:
        self.rng = rng
        self.midnight = datetime.combine(day, time())
        self._number_count = 0

    def random_days(self, low: int, high: int) -> timedelta:
        """Return a duration from `low` days to one second less than `high` days."""
        return timedelta(seconds=self.rng.randint(low * 86_400, high * 86_400 - 1))

    def random_past(self, low: int, high: int) -> datetime:
        return self.midnight - timedelta(seconds=1) - self.random_days(low, high)

    def random_future(self, low: int, high: int) -> datetime:
        return self.midnight + self.random_days(low, high)

    def _next_number(self, prefix: str) -> str:
        self._number_count += 1
        return f"{prefix}-{self._number_count:06d}"

    def make_renewing(self, size: int, use: UsageLevel = UsageLevel.NORMAL, min_age_days: int = 3) -> Entitlement:
        """Return a subscription with auto-renewal that is at least `min_age_days` days old."""
        starts, term = (
            self.random_past(min_age_days, min_age_days + self.rng.weighted_choice(_AGE_RANGES)),
            self.rng.weighted_choice(_TERMS),
        )
        terms = 1
        while add_months(starts, term * terms) <= self.midnight:
            terms += 1
        # In 4 % of the cases the renewal is not delivered yet: the auto-renewal rule must handle this.
        if terms > 1 and self.rng.chance(0.04):
            terms -= 1
        return self._make_subscription(starts, add_months(starts, term * terms), size, use, term, auto_renew=True)

    def make_fixed_term(self, size: int, use: UsageLevel = UsageLevel.NORMAL) -> Entitlement:
        """Return a running subscription without auto-renewal that ends in 32 days or later."""
        term = self.rng.weighted_choice(_FIXED_TERMS)
        ends = self.random_future(32, term * 30 - 100)
        return self._make_subscription(add_months(ends, -term), ends, size, use, term)

    def make_fixed_term_until(self, ends: datetime, size: int, use: UsageLevel = UsageLevel.NORMAL) -> Entitlement:
        """Return a subscription without auto-renewal that ends at a moment, at most half a year ahead."""
        term = self.rng.weighted_choice(_FIXED_TERMS)
        return self._make_subscription(add_months(ends, -term), ends, size, use, term)

    def make_cancelled(self, size: int, low: int = 1, high: int = 300) -> Entitlement:
        subscription = self.make_renewing(size, UsageLevel.LOW, min_age_days=high + 30)
        subscription.cancelled_at = self.random_past(low, high)
        return subscription

    def make_not_set_up(self, size: int) -> Entitlement:
        """Return a subscription of the last twelve days that is not set up."""
        starts = self.random_past(0, 12)
        subscription = self._make_subscription(
            starts, add_months(starts, 12), size, UsageLevel.NONE, 12, auto_renew=True
        )
        subscription.set_up = False
        return subscription

    def make_scheduled(self, starts: datetime, size: int) -> Entitlement:
        """Return a subscription that starts in the future."""
        subscription = self._make_subscription(
            starts, add_months(starts, 12), size, UsageLevel.NONE, 12, auto_renew=True
        )
        subscription.added_at = self.random_past(0, 20)
        return subscription

    def make_trial(
        self, starts: datetime, ends: datetime, size: int, use: UsageLevel = UsageLevel.NORMAL
    ) -> Entitlement:
        licenses = draw_licenses(self.rng, min(100, max(5, size // 4)), use)
        return Entitlement(self._next_number("TRL"), starts, starts, ends, licenses)

    def make_trial_until(self, ends: datetime, size: int) -> Entitlement:
        """Return a running trial that began in the last four weeks."""
        return self.make_trial(self.random_past(2, 26), ends, size)

    def make_converted_trial(self, subscription: Entitlement, size: int) -> Entitlement:
        """Return the trial from which the subscription was converted: it ends when the subscription starts."""
        starts = subscription.starts_at - self.random_days(7, 60)
        subscription.added_at = subscription.starts_at
        return self.make_trial(starts, subscription.starts_at, size)

    def change_licenses(self, subscription: Entitlement) -> None:
        """Let an order have changed the licenses of some subscriptions, after the start and before the end."""
        until = min(self.midnight, subscription.ends_at, subscription.cancelled_at or subscription.ends_at)
        if not self.rng.chance(_CHANGED_SHARE) or until <= subscription.starts_at or not subscription.set_up:
            return
        license_ = self.rng.choice(subscription.licenses)
        count = self.rng.randint(1, max(1, license_.total // 5))
        if self.rng.chance(0.25):
            count = -count
        if license_.total - count >= 1:
            seconds = int((until - subscription.starts_at).total_seconds())
            at = subscription.starts_at + timedelta(seconds=self.rng.randint(0, seconds - 1))
            subscription.change = LicenseChange(at, license_, count)

    def _make_subscription(
        self, starts: datetime, ends: datetime, size: int, use: UsageLevel, term: int, auto_renew: bool = False
    ) -> Entitlement:
        added = starts - self.random_days(0, 14)
        licenses = draw_licenses(self.rng, size, use)
        return Entitlement(self._next_number("SUB"), added, starts, ends, licenses, term, auto_renew)
