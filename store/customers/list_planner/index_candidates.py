"""Index candidates: the keys by which a list's matches can be read, and how many customers have them.

A condition gives candidates if every match has at least one of their keys. `status in [EXPIRING_SOON]` gives the
candidate (`status:EXPIRING_SOON`,); the search for two words gives one candidate for each word.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from domain.customers.conditions import (
    AnyOf,
    Condition,
    ExpiresWithin,
    HasKey,
    HasWordPrefixes,
    InstantInRange,
    Not,
    RenewsWithin,
    conjuncts,
)
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.keys import (
    ALL_CUSTOMERS_KEY,
    COMMON_KEYS,
    Keys,
    absence_key,
    is_ordering,
    is_time_dependent_key,
)
from domain.customers.time_buckets import EXPIRIES, INSTANT_BUCKETS, RENEWALS, ordering_expiry_window_keys
from domain.text.words import term_key
from store.customers.list_planner.estimates import KeyCounts, estimate_count
from store.customers.orders import CustomerOrder

# MongoDB merges up to 200 range scans in order. Above, it sorts in memory.
_MAX_MERGED_KEYS = 100
# In a partner of at most this size every plan is fast enough, so nothing is counted.
_SMALL_PARTNER = 4_000


class ListQuery(Struct, frozen=True):
    """A list to plan: its simplified condition, its order, and the key that all visible customers have."""

    wanted: Condition
    order: CustomerOrder
    visibility_key: str
    now: datetime


class IndexCandidate(Struct, frozen=True):
    """Keys of which every match has at least one; `is_known` where the number was counted, not estimated."""

    keys: Keys
    count: float
    is_known: bool

    @property
    def is_time_dependent(self) -> bool:
        """Whether statuses or ends decide on all of the keys."""
        return all(map(is_time_dependent_key, self.keys))


def candidates_by_name(query: ListQuery, counts: KeyCounts, customers: int) -> list[IndexCandidate]:
    """Return the candidates in the index of keys, which has the order of names; the rarest first."""
    return _sort_by_count(counts, candidate_keys(query), customers)


def candidates_in_order(query: ListQuery, counts: KeyCounts, customers: int) -> list[IndexCandidate]:
    """Return the candidates in the index of any other order, the rarest first."""
    alternatives = [keys for condition in conjuncts(query.wanted) if (keys := _ordering_keys(condition, query.now))]
    return _sort_by_count(counts, _with_visibility(query, alternatives), customers)


async def candidates_outside_order_keys(query: ListQuery, counts: KeyCounts) -> list[IndexCandidate]:
    """Return the candidates of the conditions without ordering keys (words and holdings), the rarest first.

    They are counted, except in a small partner.
    """
    alternatives = [
        keys
        for condition in conjuncts(query.wanted)
        if not _ordering_keys(condition, query.now)
        for keys in _keys_of_condition(condition, query.now)
    ]
    total = counts.known_count((ALL_CUSTOMERS_KEY,)) if alternatives else None
    if total is not None and total <= _SMALL_PARTNER:
        return _sort_by_count(counts, alternatives, total)
    counted = await counts.count(alternatives)
    return sorted((IndexCandidate(keys, counted[keys], is_known=True) for keys in alternatives), key=_count_of)


def candidate_keys(query: ListQuery) -> list[Keys]:
    """Return the keys of all candidates in the index of keys; never empty."""
    conditions = conjuncts(query.wanted)
    return _with_visibility(
        query, [keys for condition in conditions for keys in _keys_of_condition(condition, query.now)]
    )


def _with_visibility(query: ListQuery, alternatives: list[Keys]) -> list[Keys]:
    """Add the visibility key, unless it is the key of all customers and there is another candidate."""
    if alternatives and query.visibility_key == ALL_CUSTOMERS_KEY:
        return alternatives
    return [(query.visibility_key,), *alternatives]


def _keys_of_condition(condition: Condition, now: datetime) -> Iterator[Keys]:
    match condition:
        case HasWordPrefixes(terms):
            yield from ((term_key(term),) for term in terms)
        case HasKey(_, keys):
            yield keys
        case ExpiresWithin(days):
            yield tuple(EXPIRIES.window_keys(now, now + timedelta(days=days)))
        case RenewsWithin(days):
            yield tuple(RENEWALS.coarse_window_keys(now, now + timedelta(days=days)))
        case InstantInRange(field, since, until):
            yield tuple(INSTANT_BUCKETS[field].open_window_keys(since, until, now))
        case HoldingEndsWithin() | HasLowAssignment():
            yield condition.keys(now).all
        case Not(HasKey(_, keys)):
            yield from ((absence_key(key),) for key in keys if key in COMMON_KEYS)
        case AnyOf(inner):
            yield from _keys_of_any(inner, now)
        case _:
            pass


def _keys_of_any(alternatives: Sequence[Condition], now: datetime) -> Iterator[Keys]:
    """Yield the union of one candidate for each alternative; nothing where one alternative has none."""
    firsts = [next(_keys_of_condition(condition, now), ()) for condition in alternatives]
    union = tuple(sorted({key for keys in firsts for key in keys}))
    if all(firsts) and len(union) <= _MAX_MERGED_KEYS:
        yield union


def _ordering_keys(condition: Condition, now: datetime) -> Keys:
    """Return a candidate among the keys of `order_keys`; empty where there is none."""
    match condition:
        case HasKey(_, keys) if all(map(is_ordering, keys)):
            return keys
        case ExpiresWithin(days):
            return tuple(ordering_expiry_window_keys(now, now + timedelta(days=days)))
        case RenewsWithin(days):
            return tuple(RENEWALS.at_least(256).window_keys(now, now + timedelta(days=days)))
        case Not() | AnyOf():
            return next((keys for keys in _keys_of_condition(condition, now) if all(map(is_ordering, keys))), ())
        case _:
            return ()


def _sort_by_count(counts: KeyCounts, alternatives: list[Keys], customers: int) -> list[IndexCandidate]:
    if alternatives == [(ALL_CUSTOMERS_KEY,)]:
        # The only candidate needs no statistics, so none are requested.
        return [IndexCandidate((ALL_CUSTOMERS_KEY,), customers, is_known=False)]
    return sorted(
        (IndexCandidate(keys, *estimate_count(counts, keys, customers)) for keys in alternatives), key=_count_of
    )


def _count_of(candidate: IndexCandidate) -> float:
    return candidate.count
