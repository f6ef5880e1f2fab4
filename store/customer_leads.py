"""The key of a list of customers that leads to the fewest: its stretch of the index of keys is what is read."""

from asyncio import gather
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from domain.customer_filter import AllOf, Condition, ExpiresWithin, HasKey, HasWords
from domain.customer_keys import EVERYBODY, window_keys
from domain.holding_conditions import EndsWithin, IsLow
from domain.words import PREFIX_LENGTH, WORD_KEY
from store.client import Client
from store.customer_orders import KEYS_INDEX
from store.scope import Scope

# Beyond this, a key is common, and how common makes no difference.
COMMON = 100_000
_REMEMBERED_FOR = timedelta(minutes=10)
_MOST_REMEMBERED = 10_000
Keys = tuple[str, ...]
_remembered: WeakKeyDictionary[Client, dict[tuple[str, Keys], tuple[datetime, int]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Lead:
    """Keys of which every match has one, and how many customers have: at most COMMON are counted."""

    keys: Keys
    count: int


def conjuncts(wanted: Condition) -> tuple[Condition, ...]:
    """The conditions that must all hold."""
    return wanted.conditions if isinstance(wanted, AllOf) else (wanted,)


def leading_keys(scope: Scope, wanted: Condition) -> list[Keys]:
    """For each condition that must hold, the keys of which every match has one; what the scope sees comes first."""
    keys = list(_of_conditions(scope, wanted))
    return keys if keys and scope.visibility_key == EVERYBODY else [(scope.visibility_key,), *keys]


def _of_conditions(scope: Scope, wanted: Condition) -> Iterator[Keys]:
    for one in conjuncts(wanted):
        match one:
            case HasKey(_, keys):
                yield keys
            case HasWords(words):
                yield from ((WORD_KEY + word[:PREFIX_LENGTH],) for word in words)
            case ExpiresWithin(days):
                yield tuple(window_keys(scope.now, scope.now + timedelta(days=days)))
            case EndsWithin() | IsLow():
                yield one.keys(scope.now).all
            case _:
                pass


async def rarest_keys(scope: Scope, wanted: Condition) -> Keys:
    """The keys to read by; they are counted only where there is a choice."""
    alternatives = leading_keys(scope, wanted)
    if len(alternatives) == 1:
        return alternatives[0]
    return (await counted_leads(scope, alternatives))[0].keys


async def counted_leads(scope: Scope, alternatives: list[Keys]) -> list[Lead]:
    """The rarest first; looks into the index, and remembers for a while."""
    counts = await gather(*(_count(scope, keys) for keys in alternatives))
    return sorted(map(Lead, alternatives, counts), key=lambda lead: lead.count)


async def _count(scope: Scope, keys: Keys) -> int:
    remembered = _remembered.setdefault(scope.client, {})
    known = remembered.get((scope.partner_id, keys))
    if known is None or not timedelta() <= scope.now - known[0] < _REMEMBERED_FOR:
        if len(remembered) >= _MOST_REMEMBERED:
            remembered.clear()
        query = {**scope.match(), "keys": {"$in": list(keys)}}
        asked = {"count": "customers", "query": query, "limit": COMMON, "hint": KEYS_INDEX}
        known = scope.now, int((await scope.client.command(asked))["n"])
        remembered[scope.partner_id, keys] = known
    return known[1]
