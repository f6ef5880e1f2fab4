"""The sample's customer profiles: how many of fifty customers have each, and the entitlements of each.

Each block of fifty customers contains every profile, so that every status occurs from fifty customers on. Nothing here
computes a status: domain/customers/statuses.py does. The dates of a profile are at least a day away from the boundaries
of its statuses, except in `_due_soon`, whose statuses change within 26 hours.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum, auto

from msgspec import Struct

from sample.entitlements import Entitlement, EntitlementFactory
from sample.licenses import UsageLevel
from sample.seeded_random import SeededRandom

Holdings = list[Entitlement]
EXPIRING_WINDOW = timedelta(days=7)
INACTIVE_AFTER = timedelta(days=60)
# Due moments lie within this time from midnight, about five per hour for 2,000 customers.
DUE_WITHIN_SECONDS = 26 * 3_600


class LastSignIn(Enum):
    """The last sign-in of an administrator of the customer."""

    RECENT = auto()
    LONG_AGO = auto()
    NEVER = auto()
    INACTIVE_SOON = auto()


class CustomerProfile(Struct, frozen=True):
    """`make_holdings` returns the entitlements of a customer, whose size is its number of licenses."""

    make_holdings: Callable[[EntitlementFactory, int], Holdings]
    sign_in: LastSignIn = LastSignIn.RECENT
    has_additional_holdings: bool = False


def _long_trial(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_trial_until(factory.random_future(9, 88), size)]


def _ending_trial(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_trial_until(factory.random_future(2, 6), size)]


def _expiring(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_fixed_term_until(factory.random_future(2, 6), size)]


def _overage(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_renewing(size, UsageLevel.OVERAGE, min_age_days=30)]


def _inactive(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_renewing(size, UsageLevel.LOW, min_age_days=100)]


def _suspended(factory: EntitlementFactory, size: int) -> Holdings:
    subscription = factory.make_renewing(size, min_age_days=60)
    # Less than 28 days: the invoice that was not paid is among the latest three, which are delivered.
    subscription.suspended_at = factory.random_past(1, 27)
    return [subscription]


def _not_set_up(factory: EntitlementFactory, size: int) -> Holdings:
    ready = [factory.make_not_set_up(size)]
    return [factory.make_fixed_term(size), *ready] if factory.rng.chance(0.3) else ready


def _expired(factory: EntitlementFactory, size: int) -> Holdings:
    """Only entitlements that ended or were cancelled."""
    if factory.rng.chance(0.25):
        return [factory.make_cancelled(size, 1, 200)]
    subscription = factory.make_fixed_term_until(factory.random_past(1, 300), size, UsageLevel.LOW)
    return (
        [factory.make_converted_trial(subscription, size), subscription] if factory.rng.chance(0.3) else [subscription]
    )


def _expired_trial_or_nothing(factory: EntitlementFactory, size: int) -> Holdings:
    if factory.rng.chance(0.5):
        return []
    ends = factory.random_past(1, 120)
    return [factory.make_trial(ends - factory.random_days(14, 60), ends, size, UsageLevel.LOW)]


def _scheduled(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_scheduled(factory.random_future(2, 60), size)]


def _due_soon(factory: EntitlementFactory, size: int) -> Holdings:
    """A status changes within 26 hours: an end enters the window of 7 days, an end passes, or a start comes."""
    due = factory.midnight + timedelta(seconds=factory.rng.randint(1, DUE_WITHIN_SECONDS))
    kind = factory.rng.fraction()
    if kind < 0.55:
        return [factory.make_fixed_term_until(due + EXPIRING_WINDOW, size)]
    if kind < 0.7:
        return [factory.make_trial_until(due, size)]
    if kind < 0.85:
        return [factory.make_fixed_term_until(due, size)]
    return [factory.make_scheduled(due, size)]


def _renewing(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_renewing(size)]


def _fixed(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_fixed_term(size)]


_PROFILE_COUNTS: tuple[tuple[int, CustomerProfile], ...] = (
    (23, CustomerProfile(_renewing, has_additional_holdings=True)),
    (4, CustomerProfile(_fixed, has_additional_holdings=True)),
    (3, CustomerProfile(_long_trial)),
    (1, CustomerProfile(_ending_trial)),
    (2, CustomerProfile(_expiring, has_additional_holdings=True)),
    (2, CustomerProfile(_overage, has_additional_holdings=True)),
    (4, CustomerProfile(_inactive, LastSignIn.LONG_AGO)),
    (1, CustomerProfile(_inactive, LastSignIn.NEVER)),
    (1, CustomerProfile(_inactive, LastSignIn.INACTIVE_SOON)),
    (1, CustomerProfile(_not_set_up)),
    (1, CustomerProfile(_suspended)),
    (3, CustomerProfile(_expired)),
    (1, CustomerProfile(_expired_trial_or_nothing)),
    (1, CustomerProfile(_scheduled)),
    (2, CustomerProfile(_due_soon)),
)


def shuffled_profiles(rng: SeededRandom) -> list[CustomerProfile]:
    """Return the profiles of the next fifty customers, in random order."""
    return rng.shuffled([profile for count, profile in _PROFILE_COUNTS for _ in range(count)])


def add_holdings(factory: EntitlementFactory, holdings: Holdings, size: int) -> None:
    """Add what many customers have besides their main subscription."""
    rng = factory.rng
    if rng.chance(0.12):
        holdings.insert(0, factory.make_converted_trial(holdings[0], size))
    if rng.chance(0.05):
        holdings.append(factory.make_trial_until(factory.random_future(32, 80), size))
    for _ in range(rng.weighted_choice(((0, 70), (1, 17), (2, 8), (3, 3), (5, 2)))):
        holdings.append(_make_additional_holding(factory, max(1, size // 2)))


def _make_additional_holding(factory: EntitlementFactory, size: int) -> Entitlement:
    kind = factory.rng.fraction()
    if kind < 0.62:
        return factory.make_renewing(size, UsageLevel.OVERAGE if factory.rng.chance(0.03) else UsageLevel.NORMAL)
    if kind < 0.77:
        return factory.make_fixed_term_until(factory.random_past(20, 500), size, UsageLevel.LOW)
    if kind < 0.88:
        return factory.make_cancelled(size)
    if kind < 0.96:
        return factory.make_scheduled(factory.random_future(2, 60), size)
    return factory.make_not_set_up(size)


def draw_last_sign_in(factory: EntitlementFactory, sign_in: LastSignIn, created: datetime) -> datetime | None:
    """Return the time of the last sign-in, which is not before the customer was created."""
    rng = factory.rng
    if sign_in is LastSignIn.NEVER:
        return None
    if sign_in is LastSignIn.INACTIVE_SOON:
        return factory.midnight - INACTIVE_AFTER + timedelta(seconds=rng.randint(1, DUE_WITHIN_SECONDS))
    if sign_in is LastSignIn.LONG_AGO:
        return max(factory.random_past(62, 400), created)
    age = int((factory.midnight - created).total_seconds())
    if age < 40 * 86_400 and rng.chance(0.15):
        return None
    # The product of two fractions makes recent sign-ins more frequent.
    return factory.midnight - timedelta(seconds=1 + int(min(age - 1, 55 * 86_400) * rng.fraction() * rng.fraction()))
