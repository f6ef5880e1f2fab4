"""Key statistics: how many customers have some keys, counted on the index of keys and cached by each process.

A page does not wait for a count, except for that of a word. It uses the cached count and requests the missing one; the
process's job counts what was requested (`count_requested_keys`).

- A count is exact up to COUNT_LIMIT. Above, a key is common, and the exact number makes no difference for a plan.
- A count is cached for 10 minutes. After that it is still used, and requested again.
- At most 10,000 counts are cached. When the cache is full it is emptied, because a rare event needs no better policy.
- One run of the job counts at most 20 keys; a count of a common key takes about 50 ms of mongod's time.
"""

from asyncio import gather
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from weakref import WeakKeyDictionary

from msgspec import Struct, field

from domain.customers.keys import Keys
from store.customers.orders import KEYS_INDEX
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope

COUNT_LIMIT = 100_000
_CACHE_TTL = timedelta(minutes=10)
_MAX_CACHED_COUNTS = 10_000
_MAX_KEYS_PER_RUN = 20


class _CachedCount(NamedTuple):
    counted_at: datetime
    customers: int

    def is_fresh(self, now: datetime) -> bool:
        return timedelta() <= now - self.counted_at < _CACHE_TTL


class _Cache(Struct):
    """The counts of one client, by partner and keys, and the requested ones in the order of their requests."""

    counts: dict[tuple[str, Keys], _CachedCount] = field(default_factory=dict)
    requested: dict[tuple[str, Keys], None] = field(default_factory=dict)


_caches: WeakKeyDictionary[Client, _Cache] = WeakKeyDictionary()


class KeyStatistics(Struct, frozen=True):
    """The counts of the scope's partner; they ignore visibility."""

    scope: Scope

    def known_count(self, keys: Keys) -> int | None:
        """Return the cached count of customers with any of the keys, at most COUNT_LIMIT; request a missing one."""
        cache = _cache_of(self.scope.client)
        cached = cache.counts.get((self.scope.partner_id, keys))
        is_fresh = cached is not None and cached.is_fresh(self.scope.now)
        if not is_fresh and len(cache.requested) < _MAX_CACHED_COUNTS:
            cache.requested[self.scope.partner_id, keys] = None
        return None if cached is None else cached.customers

    async def count(self, alternatives: Sequence[Keys]) -> Mapping[Keys, int]:
        """Return the count for each of the alternatives; count those that are not cached or no longer fresh."""
        counts = await gather(*(self._count(keys) for keys in alternatives))
        return dict(zip(alternatives, counts, strict=True))

    async def _count(self, keys: Keys) -> int:
        scope, counts = self.scope, _cache_of(self.scope.client).counts
        cached = counts.get((scope.partner_id, keys))
        if cached is not None and cached.is_fresh(scope.now):
            return cached.customers
        query = {"keys": {"$in": list(keys)}, **scope.match()}
        command = {"count": "customers", "query": query, "limit": COUNT_LIMIT, "hint": KEYS_INDEX}
        count = int((await scope.client.command(command))["n"])
        if len(counts) >= _MAX_CACHED_COUNTS:
            counts.clear()
        counts[scope.partner_id, keys] = _CachedCount(scope.now, count)
        return count


async def count_requested_keys(client: Client) -> int:
    """Count some of the keys that pages requested; return how many were counted."""
    cache = _cache_of(client)
    batch = list(cache.requested)[:_MAX_KEYS_PER_RUN]
    for partner_id, keys in batch:
        del cache.requested[partner_id, keys]
        await KeyStatistics(Scope(client, partner_id, utc_now())).count([keys])
    return len(batch)


def _cache_of(client: Client) -> _Cache:
    return _caches.setdefault(client, _Cache())
