"""Charges operations to the budgets of their administrator and partner (domain/rate_limits.py has the rules).

The budgets are shared by all processes through MongoDB. This process reserves a chunk at a time, so most operations are
charged without a round trip, and gives back what it has not used for some seconds.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from time import monotonic

import structlog
from msgspec import Struct
from prometheus_client import Counter

from domain.failures import Unavailable
from domain.rate_limits import Bucket, BudgetState, RateLimit, RateLimited, RateLimits, Share, describe_cost
from resolvers.context import Viewer
from store.database.client import Client, PyMongoError
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.shared_tasks import retrieve_failure
from store.tenants.rate_budgets import StoredBudget, give_back_budget, reserve_budget

# A request costs this beside its fields: authentication, HTTP and JSON take about 1 ms, as 150 to 200 fields do.
REQUEST_COST = 200
# A text that was not parsed and validated recently costs this in addition: 10 µs for a character at the worst.
COST_PER_CHARACTER = 1
# What is not used for this long is given back.
SETTLE_SECONDS = 5.0
# A budget without room is read again at most this often, and one that could not be read is too.
_REFUSAL_SECONDS = 1.0
# The time in which the database must answer, as for the viewer of a request.
_RESERVE_SECONDS = 3.5
_STOP_SECONDS = 1.0
ADMINISTRATOR, PARTNER = "administrator", "partner"
_REJECTED = Counter(
    "partnerhub_rate_limited_total", "Operations rejected because a budget had no room for their cost", ["budget"]
)
_log = structlog.get_logger("partnerhub.limits")


class Charge(Struct, frozen=True):
    """What an operation was charged, and the states of its budgets after it."""

    requested: int
    states: Sequence[BudgetState]

    def describe(self) -> Mapping[str, object]:
        """Return the entry of a response's extensions; empty where no limit is set."""
        return {"cost": describe_cost(self.requested, self.states)} if self.states else {}


class _Budget(Struct):
    """One budget, and the share of this process."""

    scope: Scope
    kind: str
    name: str
    share: Share
    lock: asyncio.Lock
    # Of the monotonic clock: a clock that is set back must not keep a budget closed.
    used_at: float
    read_at: float = -math.inf
    failed_at: float = -math.inf
    # As this process has stored it last; another process may have changed it since.
    stored: StoredBudget | None = None

    def cost_of(self, requested: float) -> float:
        """Return what is charged: an operation that costs more than a whole budget needs all of it."""
        return min(requested, self.share.limit.capacity)

    def spend(self, requested: float, now: datetime) -> BudgetState:
        """Spend what is held for an operation; return what is left."""
        self.share.spend(self.cost_of(requested))
        return self.state(now)

    async def ensure(self, cost: float) -> bool:
        """Hold at least the cost; return False where there is no room for it at the moment."""
        if self.share.held >= cost:
            return True
        # Shielded: a caller that is cancelled must not lose what the database reserves at this moment.
        reserving = asyncio.create_task(self._reserve(cost))
        reserving.add_done_callback(retrieve_failure)
        return await asyncio.shield(reserving)

    async def _reserve(self, cost: float) -> bool:
        async with self.lock:
            is_recent = monotonic() < self.read_at + _REFUSAL_SECONDS
            if self.share.held < cost and not (is_recent and self.share.seconds_until(cost, utc_now()) > 0):
                await self._read_and_reserve(cost - self.share.held)
            return self.share.held >= cost

    async def _read_and_reserve(self, needed: float) -> None:
        """Reserve in the database; raise Unavailable where it does not answer."""
        # Otherwise those who wait for the lock would wait for the silent database one after another.
        began_at = monotonic()
        if began_at < self.failed_at + _REFUSAL_SECONDS:
            raise Unavailable
        try:
            async with asyncio.timeout(_RESERVE_SECONDS):
                reservation, self.stored = await reserve_budget(
                    self.scope, self.name, self.share.limit, needed, self.stored
                )
                self.share.add(reservation)
        except (PyMongoError, Unavailable, TimeoutError):
            self.failed_at = monotonic()
            raise Unavailable from None
        self.read_at = began_at

    async def give_back(self, kept: float) -> None:
        surplus = self.share.take_surplus(kept)
        if surplus > 0:
            self.stored = None
            await give_back_budget(self.scope, self.name, self.share.limit, surplus)

    def state(self, now: datetime) -> BudgetState:
        return self.share.state(self.kind, now)


class RateLimiter:
    """The rate limits of a process; without `limits` every operation is accepted."""

    def __init__(self, client: Client | None = None, limits: RateLimits | None = None) -> None:
        self._client, self._limits = client, limits or RateLimits()
        self._budgets: dict[tuple[str, str], _Budget] = {}
        # Found anew after any of them was forgotten.
        self._budgets_by_viewer: dict[tuple[str, str], Sequence[_Budget]] = {}
        self._settling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start giving back what is not used; the budgets that are used are kept in memory for as long."""
        self._settling = asyncio.create_task(self._settle_repeatedly(), name="rate limits")

    async def stop(self) -> None:
        """Give back everything."""
        if self._settling is not None:
            self._settling.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await self.settle(0.0)

    async def charge(self, viewer: Viewer, cost: int) -> Charge:
        """Charge an operation; raise RateLimited where one of the budgets has no room for it."""
        requested, now = cost + REQUEST_COST, utc_now()
        budgets = self._budgets_of(viewer, now)
        while not _hold_enough(budgets, requested):
            await self._reserve(budgets, requested)
        return Charge(requested, tuple([budget.spend(requested, now) for budget in budgets]))

    @staticmethod
    async def _reserve(budgets: Sequence[_Budget], requested: int) -> None:
        for budget in budgets:
            if not await budget.ensure(budget.cost_of(requested)):
                now = utc_now()
                _REJECTED.labels(budget.kind).inc()
                wait = budget.share.seconds_until(budget.cost_of(requested), now)
                raise RateLimited(requested, budget.kind, wait, [each.state(now) for each in budgets])

    def _budgets_of(self, viewer: Viewer, now: datetime) -> Sequence[_Budget]:
        key = (viewer.partner_id, viewer.administrator.id)
        budgets = self._budgets_by_viewer.get(key)
        if budgets is None:
            budgets = self._budgets_by_viewer[key] = self._find_budgets(viewer, now)
        used_at = monotonic()
        for budget in budgets:
            budget.used_at = used_at
        return budgets

    def _find_budgets(self, viewer: Viewer, now: datetime) -> Sequence[_Budget]:
        administrator, partner = self._limits
        budgets = []
        if administrator is not None:
            budgets.append(self._budget(viewer, ADMINISTRATOR, viewer.administrator.id, administrator, now))
        if partner is not None:
            budgets.append(self._budget(viewer, PARTNER, PARTNER, partner, now))
        return budgets

    def _budget(self, viewer: Viewer, kind: str, name: str, limit: RateLimit, now: datetime) -> _Budget:
        key = (viewer.partner_id, name)
        budget = self._budgets.get(key)
        if budget is None:
            if self._client is None:
                raise RuntimeError("Rate limits need a database.")
            share, scope = Share(limit, Bucket(0.0, now)), Scope(self._client, viewer.partner_id, now)
            budget = self._budgets[key] = _Budget(scope, kind, name, share, asyncio.Lock(), monotonic())
        return budget

    async def settle(self, idle_seconds: float = SETTLE_SECONDS) -> None:
        """Give back what exceeds a chunk, and everything of budgets that were not used for `idle_seconds`."""
        used_since = monotonic() - idle_seconds
        for key, budget in list(self._budgets.items()):
            is_idle = budget.used_at <= used_since and not budget.lock.locked()
            if is_idle:
                self._budgets.pop(key, None)
                self._budgets_by_viewer.clear()
            try:
                await budget.give_back(0.0 if is_idle else budget.share.limit.chunk)
            except (PyMongoError, Unavailable) as error:
                # It leaks away.
                _log.warning("unused budget was not given back", error=repr(error))

    async def _settle_repeatedly(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            await self.settle()


def _hold_enough(budgets: Sequence[_Budget], requested: int) -> bool:
    # Each operation asks: a generator expression takes twice as long.
    for budget in budgets:
        held = budget.share.held
        if held < requested and held < budget.cost_of(requested):
            return False
    return True
