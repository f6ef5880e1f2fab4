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
COMMON = 100_000
_REMEMBERED_FOR = timedelta(minutes=10)
_MOST_REMEMBERED = 10_000
_MOST_AT_ONCE = 20


@dataclass(slots=True)
class _Counts:
    """What one client's process remembers, and what pages have asked for since it was counted last."""

    known: dict[tuple[str, Keys], tuple[datetime, int]] = field(default_factory=dict)
    wanted: dict[tuple[str, Keys], None] = field(default_factory=dict)


_of_clients: WeakKeyDictionary[Client, _Counts] = WeakKeyDictionary()


def known_count(scope: Scope, keys: Keys) -> int | None:
    """How many have any of the keys, as far as it is remembered (at most COMMON, however old); else it is noted."""
    counts = _of_clients.setdefault(scope.client, _Counts())
    found = counts.known.get((scope.partner_id, keys))
    if not _is_fresh(found, scope.now) and len(counts.wanted) < _MOST_REMEMBERED:
        counts.wanted[scope.partner_id, keys] = None
    return None if found is None else found[1]


async def counted(scope: Scope, alternatives: Sequence[Keys]) -> Mapping[Keys, int]:
    """The counts of all of them, for reads that go over every match anyway."""
    return dict(zip(alternatives, await gather(*(_count(scope, keys) for keys in alternatives)), strict=True))


async def count_wanted(client: Client) -> int:
    """Counts some of what pages would have liked to know; answers how many."""
    counts = _of_clients.setdefault(client, _Counts())
    some = list(counts.wanted)[:_MOST_AT_ONCE]
    for partner_id, keys in some:
        del counts.wanted[partner_id, keys]
        await _count(Scope(client, partner_id, utc_now()), keys)
    return len(some)


async def _count(scope: Scope, keys: Keys) -> int:
    known = _of_clients.setdefault(scope.client, _Counts()).known
    found = known.get((scope.partner_id, keys))
    if found is None or not _is_fresh(found, scope.now):
        if len(known) >= _MOST_REMEMBERED:
            known.clear()
        query = {"keys": {"$in": list(keys)}, **scope.match()}
        asked = {"count": "customers", "query": query, "limit": COMMON, "hint": KEYS_INDEX}
        found = scope.now, int((await scope.client.command(asked))["n"])
        known[scope.partner_id, keys] = found
    return found[1]


def _is_fresh(found: tuple[datetime, int] | None, now: datetime) -> bool:
    return found is not None and timedelta() <= now - found[0] < _REMEMBERED_FOR
