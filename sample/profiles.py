"""The sample's kinds of customers: how many of fifty are of each, and what each one holds.

Every fifty customers in a row hold every kind, so that every status is present from fifty customers on.
Domain.md says which statuses follow; nothing here computes one. What a kind promises keeps at least a day's
distance from its boundaries, except for those in `_DUE_SOON`: there the clock has something to do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sample.entitlements import Entitlement, EntitlementFactory
from sample.licenses import UsageLevel
from sample.seeded_random import SeededRandom

Holdings = list[Entitlement]
EXPIRING_WINDOW = timedelta(days=30)
INACTIVE_AFTER = timedelta(days=60)
# Moments that are due soon lie within this time from the day's midnight, about five an hour in 2,000 customers.
DUE_WITHIN_SECONDS = 26 * 3_600


class LastSignIn(Enum):
    """When an administrator of the customer signed in last."""

    RECENT = auto()
    LONG_AGO = auto()
    NEVER = auto()
    INACTIVE_SOON = auto()


@dataclass(frozen=True, slots=True)
class CustomerProfile:
    """`make_holdings` returns the entitlements of a customer of that size."""

    make_holdings: Callable[[EntitlementFactory, int], Holdings]
    sign_in: LastSignIn = LastSignIn.RECENT
    has_additional_holdings: bool = False


def _long_trial(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_trial_until(factory.random_future(32, 88), size)]


def _ending_trial(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_trial_until(factory.random_future(2, 28), size)]


def _expiring(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_fixed_term_until(factory.random_future(2, 28), size)]


def _overage(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_renewing(size, UsageLevel.OVERAGE, min_age_days=30)]


def _inactive(factory: EntitlementFactory, size: int) -> Holdings:
    return [factory.make_renewing(size, UsageLevel.LOW, min_age_days=100)]


def _suspended(factory: EntitlementFactory, size: int) -> Holdings:
    subscription = factory.make_renewing(size, min_age_days=60)
    subscription.suspended = True
    return [subscription]


def _not_set_up(factory: EntitlementFactory, size: int) -> Holdings:
    ready = [factory.make_not_set_up(size)]
    return [factory.make_fixed_term(size), *ready] if factory.rng.chance(0.3) else ready


def _expired(factory: EntitlementFactory, size: int) -> Holdings:
    """Nothing living any more: run out, or cancelled."""
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
    """Something turns within the next day: an end enters the window, an end comes, a start comes."""
    due = factory.midnight + timedelta(seconds=factory.rng.randint(1, DUE_WITHIN_SECONDS))
    turn = factory.rng.fraction()
    if turn < 0.55:
        return [factory.make_fixed_term_until(due + EXPIRING_WINDOW, size)]
    if turn < 0.7:
        return [factory.make_trial_until(due, size)]
    if turn < 0.85:
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
    """The next fifty customers' kinds, in a drawn order."""
    return rng.shuffled([profile for count, profile in _PROFILE_COUNTS for _ in range(count)])


def add_holdings(factory: EntitlementFactory, holdings: Holdings, size: int) -> None:
    """What many customers hold beside their main subscription."""
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
    """The last administrator sign-in, never before the customer was there."""
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
    # Most were there in the last days: the fraction squared leans towards now.
    return factory.midnight - timedelta(seconds=1 + int(min(age - 1, 55 * 86_400) * rng.fraction() * rng.fraction()))
