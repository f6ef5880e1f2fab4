"""Rate limits: leaky buckets that several processes share.

Every operation pours its cost into a bucket, which leaks at a constant rate; what does not fit is refused. To avoid a
round trip for each operation, a process reserves a chunk of the bucket at once, and spends it alone. What it has not
spent it gives back; what it loses by its death leaks away like everything else.

In any time t, k processes let at most capacity + rate × t + k × chunk pass: what is reserved never exceeds the first
two terms, and each process may begin the time with an unspent chunk.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct

from domain.failures import RequestFailure
from domain.time.instants import format_instant

# 20 chunks fill a bucket: fewer mean more round trips, more mean a larger tolerance.
_CHUNKS = 20
_REMAINING = attrgetter("remaining")
# By this much the clocks of processes may differ. A clock that is further ahead must not stop the leak for the others.
MAX_CLOCK_SKEW = timedelta(seconds=5)


class RateLimit(NamedTuple):
    """How much a bucket takes at once, and how much leaks in a second, in units of cost."""

    capacity: float
    per_second: float

    @property
    def chunk(self) -> float:
        """What a process reserves at once, and may lose."""
        return self.capacity / _CHUNKS

    @property
    def window_seconds(self) -> int:
        """The time in which a full bucket becomes empty."""
        return ceil(self.capacity / self.per_second)


class RateLimits(NamedTuple):
    """The limits of one administrator, and of all administrators of a partner together; None for no limit."""

    administrator: RateLimit | None = None
    partner: RateLimit | None = None


class Bucket(NamedTuple):
    """The level of a bucket at a moment."""

    level: float
    at: datetime

    def leak(self, limit: RateLimit, now: datetime) -> "Bucket":
        """Return the bucket at `now`.

        The clocks of processes differ, so it goes back in time only where it is ahead by more than MAX_CLOCK_SKEW.
        """
        if self.at > now + MAX_CLOCK_SKEW:
            return Bucket(self.level, now)
        return Bucket(self.level_at(limit, now), max(self.at, now))

    def level_at(self, limit: RateLimit, now: datetime) -> float:
        """Return the level of `leak`; each operation asks for it, of each of its budgets."""
        if self.level <= 0.0 or now <= self.at:
            return self.level
        return max(0.0, self.level - (now - self.at).total_seconds() * limit.per_second)


class Reservation(NamedTuple):
    """What was reserved, 0 where there was no room, and the bucket after it."""

    amount: float
    bucket: Bucket


def reserve(bucket: Bucket, limit: RateLimit, needed: float, now: datetime) -> Reservation:
    """Reserve at least `needed`, else nothing; a whole chunk where there is room for it."""
    current = bucket.leak(limit, now)
    room = limit.capacity - current.level
    amount = min(room, max(needed, limit.chunk)) if needed <= room else 0.0
    return Reservation(amount, Bucket(current.level + amount, current.at))


def give_back(bucket: Bucket, limit: RateLimit, amount: float, now: datetime) -> Bucket:
    """Return the bucket after a process gave back what it had reserved and not spent."""
    current = bucket.leak(limit, now)
    return Bucket(max(0.0, current.level - amount), current.at)


class BudgetState(Struct, frozen=True):
    """What is left of a budget, as far as this process knows; another process may hold a chunk of it."""

    name: str
    limit: RateLimit
    remaining: float
    now: datetime

    @property
    def left(self) -> int:
        """What is left in whole units; 0 where less than nothing is."""
        return int(self.remaining) if self.remaining > 0 else 0

    @property
    def reset_seconds(self) -> int:
        """The time until the budget is whole again, in seconds, rounded up."""
        return ceil((self.limit.capacity - self.remaining) / self.limit.per_second)

    def seconds_until(self, remaining: float) -> float:
        """Return the time until this much is left, where nothing is spent meanwhile."""
        return max(0.0, (remaining - self.remaining) / self.limit.per_second)


class Share(Struct):
    """What one process has reserved of a bucket and not spent, and the bucket as the process has last read it."""

    limit: RateLimit
    bucket: Bucket
    held: float = 0.0

    def spend(self, cost: float) -> bool:
        """Spend what is held; return False where it is not enough."""
        if cost > self.held:
            return False
        self.held -= cost
        return True

    def add(self, reservation: Reservation) -> None:
        """Hold what was reserved."""
        self.held += reservation.amount
        self.bucket = reservation.bucket

    def take_surplus(self, kept: float) -> float:
        """Return what is held beyond `kept`, to give it back."""
        surplus = max(0.0, self.held - kept)
        self.held -= surplus
        return surplus

    def seconds_until(self, cost: float, now: datetime) -> float:
        """Return the time until there is room for the cost, unless other processes give back or take."""
        return self.state("", now).seconds_until(cost)

    def state(self, name: str, now: datetime) -> BudgetState:
        """Return what is left at `now`."""
        limit = self.limit
        remaining = self.held + limit.capacity - self.bucket.level_at(limit, now)
        return BudgetState(name, limit, min(limit.capacity, remaining), now)


class RateLimited(RequestFailure):
    """A budget has no room for an operation at the moment."""

    code = "RATE_LIMITED"

    def __init__(self, requested: int, name: str, wait_seconds: float, states: Sequence[BudgetState]) -> None:
        self.requested, self.states = requested, tuple(states)
        self.retry_after = max(1, ceil(wait_seconds))
        super().__init__(
            f"The {name}'s budget has no room for this operation at the moment: "
            f"send it again after {self.retry_after} s, or ask for less."
        )

    @property
    def extensions(self) -> dict[str, object]:
        """Return the code, the seconds to wait, and the figures of the budget."""
        return {
            "code": self.code,
            "retryAfter": self.retry_after,
            "cost": describe_cost(self.requested, self.states),
        }


def describe_cost(requested: int, states: Sequence[BudgetState]) -> dict[str, object]:
    """Return `extensions.cost`: the figures of the budget of which the least is left."""
    state = min(states, key=_REMAINING)
    return {
        "requested": requested,
        "limit": int(state.limit.capacity),
        "remaining": state.left,
        "resetAt": format_instant(state.now + timedelta(seconds=state.reset_seconds)),
    }
