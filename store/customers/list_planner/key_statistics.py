"""How many customers have some keys: counted on the index of keys, and remembered for a while by each process.

A page never waits for a count. It takes what is remembered, and notes what it would have liked to know; a job of the
process counts that.
"""

from asyncio import gather
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from store.customers.list_planner.orders import KEYS_INDEX
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope

Keys = tuple[str, ...]
# Beyond this, a key is common, and how common makes no difference.
COUNT_LIMIT = 100_000
_CACHE_TTL = timedelta(minutes=10)
_MAX_CACHED_COUNTS = 10_000
_MAX_KEYS_PER_RUN = 20


@dataclass(slots=True)
class _KeyStatistics:
    """What one client's process remembers, and what pages have asked for since it was counted last."""

    known: dict[tuple[str, Keys], tuple[datetime, int]] = field(default_factory=dict)
    requested: dict[tuple[str, Keys], None] = field(default_factory=dict)


_statistics_by_client: WeakKeyDictionary[Client, _KeyStatistics] = WeakKeyDictionary()


def known_count(scope: Scope, keys: Keys) -> int | None:
    """Return the cached count of customers with any of the keys (at most COUNT_LIMIT); request it if missing."""
    counts = _statistics_by_client.setdefault(scope.client, _KeyStatistics())
    found = counts.known.get((scope.partner_id, keys))
    if not _is_fresh(found, scope.now) and len(counts.requested) < _MAX_CACHED_COUNTS:
        counts.requested[scope.partner_id, keys] = None
    return None if found is None else found[1]


async def count_keys(scope: Scope, alternatives: Sequence[Keys]) -> Mapping[Keys, int]:
    """The counts of all of them, for reads that go over every match anyway."""
    return dict(zip(alternatives, await gather(*(_count(scope, keys) for keys in alternatives)), strict=True))


async def count_requested_keys(client: Client) -> int:
    """Counts some of what pages would have liked to know; answers how many."""
    counts = _statistics_by_client.setdefault(client, _KeyStatistics())
    some = list(counts.requested)[:_MAX_KEYS_PER_RUN]
    for partner_id, keys in some:
        del counts.requested[partner_id, keys]
        await _count(Scope(client, partner_id, utc_now()), keys)
    return len(some)


async def _count(scope: Scope, keys: Keys) -> int:
    known = _statistics_by_client.setdefault(scope.client, _KeyStatistics()).known
    found = known.get((scope.partner_id, keys))
    if found is None or not _is_fresh(found, scope.now):
        if len(known) >= _MAX_CACHED_COUNTS:
            known.clear()
        query = {"keys": {"$in": list(keys)}, **scope.match()}
        asked = {"count": "customers", "query": query, "limit": COUNT_LIMIT, "hint": KEYS_INDEX}
        found = scope.now, int((await scope.client.command(asked))["n"])
        known[scope.partner_id, keys] = found
    return found[1]


def _is_fresh(found: tuple[datetime, int] | None, now: datetime) -> bool:
    return found is not None and timedelta() <= now - found[0] < _CACHE_TTL
