"""The sample's kinds of customers: how many of fifty are of each, and what each one holds.

Every fifty customers in a row hold every kind, so that every status is present from fifty customers on.
Domain.md says which statuses follow; nothing here computes one. What a kind promises keeps at least a day's
distance from its boundaries, except for those in `_DUE_SOON`: there the clock has something to do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sample.entitlements import Entitlement, OrderDesk
from sample.licenses import Use
from sample.seeded_random import Dice

Holdings = list[Entitlement]
EXPIRING_WINDOW = timedelta(days=30)
QUIET_AFTER = timedelta(days=60)
# Moments that are due soon lie within this time from the day's midnight, about five an hour in 2,000 customers.
DUE_WITHIN_SECONDS = 26 * 3_600


class SignIn(Enum):
    """When an administrator of the customer signed in last."""

    RECENT = auto()
    LONG_AGO = auto()
    NEVER = auto()
    QUIET_SOON = auto()


@dataclass(frozen=True, slots=True)
class Profile:
    """`holdings` makes what such a customer of a size holds; `grows`: more may come on top of it."""

    holdings: Callable[[OrderDesk, int], Holdings]
    sign_in: SignIn = SignIn.RECENT
    grows: bool = False


def _long_trial(desk: OrderDesk, size: int) -> Holdings:
    return [desk.trial_until(desk.ahead(32, 88), size)]


def _ending_trial(desk: OrderDesk, size: int) -> Holdings:
    return [desk.trial_until(desk.ahead(2, 28), size)]


def _expiring(desk: OrderDesk, size: int) -> Holdings:
    return [desk.fixed_until(desk.ahead(2, 28), size)]


def _overage(desk: OrderDesk, size: int) -> Holdings:
    return [desk.renewing(size, Use.OVER, youngest=30)]


def _quiet(desk: OrderDesk, size: int) -> Holdings:
    return [desk.renewing(size, Use.QUIET, youngest=100)]


def _suspended(desk: OrderDesk, size: int) -> Holdings:
    subscription = desk.renewing(size, youngest=60)
    subscription.suspended = True
    return [subscription]


def _ready(desk: OrderDesk, size: int) -> Holdings:
    ready = [desk.ready(size)]
    return [desk.fixed(size), *ready] if desk.dice.chance(0.3) else ready


def _ended(desk: OrderDesk, size: int) -> Holdings:
    """Nothing living any more: run out, or cancelled."""
    if desk.dice.chance(0.25):
        return [desk.cancelled(size, 1, 200)]
    subscription = desk.fixed_until(desk.ago(1, 300), size, Use.QUIET)
    return [desk.trial_before(subscription, size), subscription] if desk.dice.chance(0.3) else [subscription]


def _ended_trial_or_nothing(desk: OrderDesk, size: int) -> Holdings:
    if desk.dice.chance(0.5):
        return []
    ends = desk.ago(1, 120)
    return [desk.trial(ends - desk.days(14, 60), ends, size, Use.QUIET)]


def _scheduled(desk: OrderDesk, size: int) -> Holdings:
    return [desk.starting_at(desk.ahead(2, 60), size)]


def _due_soon(desk: OrderDesk, size: int) -> Holdings:
    """Something turns within the next day: an end enters the window, an end comes, a start comes."""
    due = desk.midnight + timedelta(seconds=desk.dice.between(1, DUE_WITHIN_SECONDS))
    turn = desk.dice.fraction()
    if turn < 0.55:
        return [desk.fixed_until(due + EXPIRING_WINDOW, size)]
    if turn < 0.7:
        return [desk.trial_until(due, size)]
    if turn < 0.85:
        return [desk.fixed_until(due, size)]
    return [desk.starting_at(due, size)]


def _renewing(desk: OrderDesk, size: int) -> Holdings:
    return [desk.renewing(size)]


def _fixed(desk: OrderDesk, size: int) -> Holdings:
    return [desk.fixed(size)]


_FIFTY: tuple[tuple[int, Profile], ...] = (
    (23, Profile(_renewing, grows=True)),
    (4, Profile(_fixed, grows=True)),
    (3, Profile(_long_trial)),
    (1, Profile(_ending_trial)),
    (2, Profile(_expiring, grows=True)),
    (2, Profile(_overage, grows=True)),
    (4, Profile(_quiet, SignIn.LONG_AGO)),
    (1, Profile(_quiet, SignIn.NEVER)),
    (1, Profile(_quiet, SignIn.QUIET_SOON)),
    (1, Profile(_ready)),
    (1, Profile(_suspended)),
    (3, Profile(_ended)),
    (1, Profile(_ended_trial_or_nothing)),
    (1, Profile(_scheduled)),
    (2, Profile(_due_soon)),
)


def fifty_profiles(dice: Dice) -> list[Profile]:
    """The next fifty customers' kinds, in a drawn order."""
    return dice.shuffled([profile for count, profile in _FIFTY for _ in range(count)])


def grow(desk: OrderDesk, holdings: Holdings, size: int) -> None:
    """What many customers hold beside their main subscription."""
    dice = desk.dice
    if dice.chance(0.12):
        holdings.insert(0, desk.trial_before(holdings[0], size))
    if dice.chance(0.05):
        holdings.append(desk.trial_until(desk.ahead(32, 80), size))
    for _ in range(dice.weighted(((0, 70), (1, 17), (2, 8), (3, 3), (5, 2)))):
        holdings.append(_another(desk, max(1, size // 2)))


def _another(desk: OrderDesk, size: int) -> Entitlement:
    kind = desk.dice.fraction()
    if kind < 0.62:
        return desk.renewing(size, Use.OVER if desk.dice.chance(0.03) else Use.NORMAL)
    if kind < 0.77:
        return desk.fixed_until(desk.ago(20, 500), size, Use.QUIET)
    if kind < 0.88:
        return desk.cancelled(size)
    if kind < 0.96:
        return desk.starting_at(desk.ahead(2, 60), size)
    return desk.ready(size)


def signed_in_at(desk: OrderDesk, sign_in: SignIn, created: datetime) -> datetime | None:
    """The last administrator sign-in, never before the customer was there."""
    dice = desk.dice
    if sign_in is SignIn.NEVER:
        return None
    if sign_in is SignIn.QUIET_SOON:
        return desk.midnight - QUIET_AFTER + timedelta(seconds=dice.between(1, DUE_WITHIN_SECONDS))
    if sign_in is SignIn.LONG_AGO:
        return max(desk.ago(62, 400), created)
    age = int((desk.midnight - created).total_seconds())
    if age < 40 * 86_400 and dice.chance(0.15):
        return None
    # Most were there in the last days: the fraction squared leans towards now.
    return desk.midnight - timedelta(seconds=1 + int(min(age - 1, 55 * 86_400) * dice.fraction() * dice.fraction()))
