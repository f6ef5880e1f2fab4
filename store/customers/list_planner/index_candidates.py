"""The keys that a list of customers can be read by, and how many customers have them: counted, or guessed till then."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.customers.filter import AnyOf, Condition, ExpiresWithin, HasKey, HasWordPrefixes, Not, conjuncts
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.keys import (
    ALL_CUSTOMERS_KEY,
    COMMON_KEYS,
    absence_key,
    expiry_window_keys,
    is_ordering,
    is_time_dependent_key,
    ordering_expiry_window_keys,
)
from domain.text.folding import PREFIX_LENGTH, WORD_KEY_PREFIX
from store.customers.list_planner.key_statistics import Keys, count_keys, known_count
from store.database.scope import Scope

# The share of a large partner's customers that a key is thought to have until it has been counted: the first that fits.
_ESTIMATED_SHARES = (
    (ALL_CUSTOMERS_KEY, 1.0),
    (absence_key(""), 0.4),
    ("managed_by:", 0.5),
    ("product:", 0.4),
    ("type:SUBSCRIPTION", 0.7),
    ("status:SUBSCRIPTION", 0.6),
    ("status:NO_RECENT_ACTIVITY", 0.2),
    ("status:TRIAL", 0.15),
    ("type:", 0.15),
    ("status:", 0.06),
    ("country:", 0.1),
    ("ends:512:", 0.04),
    ("ends:64:", 0.006),
    ("ends:", 0.001),
    ("", 0.03),
)
# So many stretches MongoDB merges in order; beyond 200 it would sort.
_MAX_MERGED_KEYS = 100
_SMALL_PARTNER = 4_000
_SHARE_PER_LETTER = 0.3


@dataclass(frozen=True, slots=True)
class IndexCandidate:
    """Keys of which every match has one, and how many customers have; `is_known` tells a count from a guess."""

    keys: Keys
    count: float
    is_known: bool

    @property
    def is_time_dependent(self) -> bool:
        """Whether time makes the keys come and go."""
        return all(map(is_time_dependent_key, self.keys))


def candidates_by_name(scope: Scope, wanted: Condition, customers: int) -> list[IndexCandidate]:
    """What the index of keys can be read by in the order of names, the rarest first."""
    return _sort_by_count(scope, _candidate_keys(scope, wanted), customers)


def candidates_in_order(scope: Scope, wanted: Condition, customers: int) -> list[IndexCandidate]:
    """What the index of any other order can be read by, the rarest first."""
    keys = [found for one in conjuncts(wanted) if (found := _ordering_keys(scope, one))]
    return _sort_by_count(scope, _with_visibility(scope, keys), customers)


async def candidates_by_name_only(scope: Scope, wanted: Condition) -> list[IndexCandidate]:
    """What only the index of keys can be read by, the rarest first: words, and what customers hold.

    They are counted, but in a partner that is known to be so small that whatever is read is soon read.
    """
    keys = [
        keys for one in conjuncts(wanted) if not _ordering_keys(scope, one) for keys in _keys_of_condition(scope, one)
    ]
    everybody = known_count(scope, (ALL_CUSTOMERS_KEY,)) if keys else None
    if everybody is not None and everybody <= _SMALL_PARTNER:
        return _sort_by_count(scope, keys, everybody)
    counts = await count_keys(scope, keys)
    return sorted(
        (IndexCandidate(one, counts[one], is_known=True) for one in keys), key=lambda candidate: candidate.count
    )


async def choose_rarest_keys(scope: Scope, wanted: Condition) -> Keys:
    """The keys to read the index of keys by where all matches are read; counted where there is a choice."""
    alternatives = _candidate_keys(scope, wanted)
    if len(alternatives) == 1:
        return alternatives[0]
    counts = await count_keys(scope, alternatives)
    return min(alternatives, key=lambda keys: counts[keys])


def has_share(scope: Scope, keys: Keys, share: float) -> bool:
    """Whether so large a part of the partner has one of the keys, by what has been counted or else by a guess."""
    count, everybody = known_count(scope, keys), known_count(scope, (ALL_CUSTOMERS_KEY,))
    return (
        sum(map(_estimate_share, keys)) >= share if count is None or everybody is None else count >= share * everybody
    )


def _candidate_keys(scope: Scope, wanted: Condition) -> list[Keys]:
    return _with_visibility(scope, [keys for one in conjuncts(wanted) for keys in _keys_of_condition(scope, one)])


def _with_visibility(scope: Scope, keys: list[Keys]) -> list[Keys]:
    """What the scope sees comes first, unless it is everybody and there is something better."""
    return keys if keys and scope.visibility_key == ALL_CUSTOMERS_KEY else [(scope.visibility_key,), *keys]


def _keys_of_condition(scope: Scope, one: Condition) -> Iterator[Keys]:
    match one:
        case HasWordPrefixes(words):
            yield from ((WORD_KEY_PREFIX + word[:PREFIX_LENGTH],) for word in words)
        case HasKey(_, keys):
            yield keys
        case ExpiresWithin(days):
            yield tuple(expiry_window_keys(scope.now, scope.now + timedelta(days=days)))
        case HoldingEndsWithin() | HasLowAssignment():
            yield one.keys(scope.now).all
        case Not(HasKey(_, keys)):
            yield from ((absence_key(key),) for key in keys if key in COMMON_KEYS)
        case AnyOf(inner):
            yield from _keys_of_any(scope, inner)
        case _:
            pass


def _keys_of_any(scope: Scope, alternatives: Sequence[Condition]) -> Iterator[Keys]:
    """Whoever matches one of the alternatives has one of its keys."""
    firsts = [next(_keys_of_condition(scope, one), ()) for one in alternatives]
    together = tuple(sorted({key for keys in firsts for key in keys}))
    if all(firsts) and len(together) <= _MAX_MERGED_KEYS:
        yield together


def _ordering_keys(scope: Scope, one: Condition) -> Keys:
    match one:
        case HasKey(_, keys) if all(map(is_ordering, keys)):
            return keys
        case ExpiresWithin(days):
            return tuple(ordering_expiry_window_keys(scope.now, scope.now + timedelta(days=days)))
        case Not() | AnyOf():
            return next((keys for keys in _keys_of_condition(scope, one) if all(map(is_ordering, keys))), ())
        case _:
            return ()


def _sort_by_count(scope: Scope, alternatives: list[Keys], customers: int) -> list[IndexCandidate]:
    if len(alternatives) == 1 and alternatives[0] == (ALL_CUSTOMERS_KEY,):
        return [IndexCandidate((ALL_CUSTOMERS_KEY,), customers, is_known=False)]
    return sorted((_candidate(scope, keys, customers) for keys in alternatives), key=lambda candidate: candidate.count)


def _candidate(scope: Scope, keys: Keys, customers: int) -> IndexCandidate:
    count = known_count(scope, keys)
    return IndexCandidate(
        keys, customers * min(1.0, sum(map(_estimate_share, keys))) if count is None else count, count is not None
    )


def _estimate_share(key: str) -> float:
    if key.startswith(WORD_KEY_PREFIX):
        return float(_SHARE_PER_LETTER ** (len(key) - len(WORD_KEY_PREFIX)))
    return next(share for start, share in _ESTIMATED_SHARES if key.startswith(start))
