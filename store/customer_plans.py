"""Which index a page of customers is read from, decided here: MongoDB remembers a plan for a shape of query, and the
plan that suits a rare tag reads half a partner for a common one (2 s instead of 5 ms among 200,000 customers)."""

from asyncio import gather
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard
from weakref import WeakKeyDictionary

from domain.customer_filter import AllOf, Condition, ExpiresWithin, HasKey, HasWords
from domain.customer_keys import window_keys
from domain.types import CustomerOrderField
from domain.words import PREFIX_LENGTH, WORD_KEY
from store.client import Client, Document
from store.customer_orders import KEYS_INDEX, CustomerOrder
from store.scope import EVERYBODY, Scope

# So many matches are collected and sorted; of more, a page is found sooner by walking the order: √(51 × 200,000).
FEW = 3500
# MongoDB merges at most so many stretches of an index in order; of more it makes one sort.
MOST_STRETCHES = 200
_REMEMBERED_FOR = timedelta(minutes=1)
_MOST_REMEMBERED = 10_000
Keys = tuple[str, ...]
_remembered: WeakKeyDictionary[Client, dict[tuple[str, Keys], tuple[datetime, bool]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Plan:
    """The index to read from, and the statuses that its stretches begin with, where it begins with those."""

    index: str
    statuses: Sequence[str] = ()


async def choose_plan(scope: Scope, wanted: Condition, order: CustomerOrder) -> Plan:
    """The plan of a simplified condition; asks for the sizes of its keys only where the order is not the default."""
    if order.is_default:
        return Plan(KEYS_INDEX)
    alternatives = list(_leading_keys(scope, wanted))
    if any(await gather(*(_are_few(scope, keys) for keys in alternatives))):
        return Plan(KEYS_INDEX)
    statuses = next((one.keys for one in _conjuncts(wanted) if _is_status(one)), ())
    if statuses and order.status_index is not None:
        return Plan(order.status_index, [key.removeprefix("status:") for key in statuses])
    return Plan(order.index)


def implied_range(scope: Scope, wanted: Condition, order: CustomerOrder) -> Document:
    """What a condition says of the sort field: who has an end within the window expires no later."""
    days = [one.days for one in _conjuncts(wanted) if isinstance(one, ExpiresWithin)]
    if not days or order.field is not CustomerOrderField.NEXT_EXPIRY_AT:
        return {}
    return {order.columns[0].field: {"$lte": scope.now + timedelta(days=min(days))}}


def _conjuncts(wanted: Condition) -> tuple[Condition, ...]:
    return wanted.conditions if isinstance(wanted, AllOf) else (wanted,)


def _is_status(condition: Condition) -> TypeGuard[HasKey]:
    return isinstance(condition, HasKey) and all(key.startswith("status:") for key in condition.keys)


def _leading_keys(scope: Scope, wanted: Condition) -> Iterator[Keys]:
    """For each condition that must hold, the keys of which every match has one."""
    if scope.visibility_key != EVERYBODY:
        yield (scope.visibility_key,)
    for one in _conjuncts(wanted):
        match one:
            case HasKey(_, keys):
                yield keys
            case HasWords(words):
                yield from ((WORD_KEY + word[:PREFIX_LENGTH],) for word in words)
            case ExpiresWithin(days):
                yield tuple(window_keys(scope.now, scope.now + timedelta(days=days)))
            case _:
                pass


async def _are_few(scope: Scope, keys: Keys) -> bool:
    """Whether fewer than FEW customers have one of the keys: a look into the index, kept for a minute."""
    remembered = _remembered.setdefault(scope.client, {})
    known = remembered.get((scope.partner_id, keys))
    if known is None or not timedelta() <= scope.now - known[0] < _REMEMBERED_FOR:
        if len(remembered) >= _MOST_REMEMBERED:
            remembered.clear()
        known = remembered[scope.partner_id, keys] = (scope.now, await _count(scope, keys) < FEW)
    return known[1]


async def _count(scope: Scope, keys: Keys) -> int:
    query = {**scope.match(), "keys": {"$in": list(keys)}}
    found = await scope.client.command({"count": "customers", "query": query, "limit": FEW, "hint": KEYS_INDEX})
    return int(found["n"])
