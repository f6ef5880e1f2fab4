"""The budgets of rate limits, shared by all processes: one document for each partner and each administrator."""

from datetime import timedelta
from typing import NamedTuple

from domain.failures import Unavailable
from domain.rate_limits import Bucket, RateLimit, Reservation, give_back, reserve
from store.database.client import DuplicateKeyError, IndexModel
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope

COLLECTION = "rate_budgets"
RATE_BUDGET_INDEXES = (
    IndexModel([("partner_id", 1), ("name", 1)], name="name", unique=True),
    IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
)
# A document that is missing is an empty bucket; the hour is for processes whose clocks differ.
_RETENTION = timedelta(hours=1)
# Each failed attempt means that another process has succeeded.
_MAX_ATTEMPTS = 50


class StoredBudget(NamedTuple):
    """A budget as it was stored, and its version."""

    bucket: Bucket
    version: int


async def reserve_budget(
    scope: Scope, name: str, limit: RateLimit, needed: float, known: StoredBudget | None = None
) -> tuple[Reservation, StoredBudget | None]:
    """Reserve at least `needed` of the budget `name` of the scope's partner; nothing where there is no room.

    Return the reservation, and what is stored now, for the next call: where it is `known` and no other process has
    changed it, one round trip is enough.
    """
    if known is not None:
        reservation = reserve(known.bucket, limit, needed, utc_now())
        if reservation.amount and await _store_bucket(scope, name, limit, reservation.bucket, known):
            return reservation, StoredBudget(reservation.bucket, known.version + 1)
    for _ in range(_MAX_ATTEMPTS):
        now, stored = utc_now(), await _find_budget(scope, name)
        bucket = stored.bucket if stored else Bucket(0.0, now)
        reservation = reserve(bucket, limit, needed, now)
        # A bucket that was ahead of this clock is stored although nothing was reserved: it must leak from now on.
        is_unchanged = not reservation.amount and reservation.bucket.at >= bucket.at
        if is_unchanged:
            return reservation, stored
        if await _store_bucket(scope, name, limit, reservation.bucket, stored):
            return reservation, StoredBudget(reservation.bucket, stored.version + 1 if stored else 1)
    raise Unavailable


async def give_back_budget(scope: Scope, name: str, limit: RateLimit, amount: float) -> None:
    """Give back what was reserved and not spent."""
    for _ in range(_MAX_ATTEMPTS):
        now, stored = utc_now(), await _find_budget(scope, name)
        if stored is None:
            return
        bucket = give_back(stored.bucket, limit, amount, now)
        if await _store_bucket(scope, name, limit, bucket, stored):
            return


async def _find_budget(scope: Scope, name: str) -> StoredBudget | None:
    stored = await scope.collection(COLLECTION).find_one({**scope.match(), "name": name})
    return StoredBudget(Bucket(stored["level"], stored["at"]), stored["version"]) if stored else None


async def _store_bucket(scope: Scope, name: str, limit: RateLimit, bucket: Bucket, stored: StoredBudget | None) -> bool:
    """Store the bucket; return False where another process has changed it since it was read."""
    expires_at = bucket.at + timedelta(seconds=limit.window_seconds) + _RETENTION
    fields = {"level": bucket.level, "at": bucket.at, "updated_at": bucket.at, "expires_at": expires_at}
    where = {**scope.match(), "name": name}
    collection = scope.collection(COLLECTION)
    if stored is not None:
        where["version"] = stored.version
        return await collection.update_one(where, {"$set": fields, "$inc": {"version": 1}}) == 1
    created = {"_id": new_id("rbg"), "version": 1, "created_at": bucket.at, **fields}
    try:
        return await collection.update_one(where, {"$setOnInsert": created}, upsert=True) == 0
    except DuplicateKeyError:
        return False
