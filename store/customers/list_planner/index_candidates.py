"""The keys that a list of customers can be read by, and how many customers have them: counted, or guessed till then."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.customers.filter import AnyOf, Condition, ExpiresWithin, HasKey, HasWords, Not, conjuncts
from domain.customers.holding_conditions import EndsWithin, IsLow
from domain.customers.keys import (
    EVERYBODY,
    MOSTLY_HAD,
    denial_key,
    is_made_by_time,
    is_ordering,
    ordering_window_keys,
    window_keys,
)
from domain.text.folding import PREFIX_LENGTH, WORD_KEY
from store.customers.list_planner.key_statistics import Keys, counted, known_count
from store.database.scope import Scope

# The share of a large partner's customers that a key is thought to have until it has been counted: the first that fits.
_SHARES = (
    (EVERYBODY, 1.0),
    (denial_key(""), 0.4),
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
_MOST_TOGETHER = 100
_SMALL = 4_000
_SHARE_OF_A_LETTER = 0.3


@dataclass(frozen=True, slots=True)
class Lead:
    """Keys of which every match has one, and how many customers have; `is_known` tells a count from a guess."""

    keys: Keys
    count: float
    is_known: bool

    @property
    def is_of_time(self) -> bool:
        """Whether time makes the keys come and go."""
        return all(map(is_made_by_time, self.keys))


def leads_by_name(scope: Scope, wanted: Condition, customers: int) -> list[Lead]:
    """What the index of keys can be read by in the order of names, the rarest first."""
    return _rarest_first(scope, _leading_keys(scope, wanted), customers)


def leads_in_order(scope: Scope, wanted: Condition, customers: int) -> list[Lead]:
    """What the index of any other order can be read by, the rarest first."""
    keys = [found for one in conjuncts(wanted) if (found := _ordering_keys(scope, one))]
    return _rarest_first(scope, _with_sight(scope, keys), customers)


async def leads_by_name_alone(scope: Scope, wanted: Condition) -> list[Lead]:
    """What only the index of keys can be read by, the rarest first: words, and what customers hold.

    They are counted, but in a partner that is known to be so small that whatever is read is soon read.
    """
    keys = [keys for one in conjuncts(wanted) if not _ordering_keys(scope, one) for keys in _of_condition(scope, one)]
    everybody = known_count(scope, (EVERYBODY,)) if keys else None
    if everybody is not None and everybody <= _SMALL:
        return _rarest_first(scope, keys, everybody)
    counts = await counted(scope, keys)
    return sorted((Lead(one, counts[one], is_known=True) for one in keys), key=lambda lead: lead.count)


async def rarest_keys(scope: Scope, wanted: Condition) -> Keys:
    """The keys to read the index of keys by where all matches are read; counted where there is a choice."""
    alternatives = _leading_keys(scope, wanted)
    if len(alternatives) == 1:
        return alternatives[0]
    counts = await counted(scope, alternatives)
    return min(alternatives, key=lambda keys: counts[keys])


def has_share(scope: Scope, keys: Keys, share: float) -> bool:
    """Whether so large a part of the partner has one of the keys, by what has been counted or else by a guess."""
    count, everybody = known_count(scope, keys), known_count(scope, (EVERYBODY,))
    return sum(map(_share, keys)) >= share if count is None or everybody is None else count >= share * everybody


def _leading_keys(scope: Scope, wanted: Condition) -> list[Keys]:
    return _with_sight(scope, [keys for one in conjuncts(wanted) for keys in _of_condition(scope, one)])


def _with_sight(scope: Scope, keys: list[Keys]) -> list[Keys]:
    """What the scope sees comes first, unless it is everybody and there is something better."""
    return keys if keys and scope.visibility_key == EVERYBODY else [(scope.visibility_key,), *keys]


def _of_condition(scope: Scope, one: Condition) -> Iterator[Keys]:
    match one:
        case HasWords(words):
            yield from ((WORD_KEY + word[:PREFIX_LENGTH],) for word in words)
        case HasKey(_, keys):
            yield keys
        case ExpiresWithin(days):
            yield tuple(window_keys(scope.now, scope.now + timedelta(days=days)))
        case EndsWithin() | IsLow():
            yield one.keys(scope.now).all
        case Not(HasKey(_, keys)):
            yield from ((denial_key(key),) for key in keys if key in MOSTLY_HAD)
        case AnyOf(inner):
            yield from _of_any(scope, inner)
        case _:
            pass


def _of_any(scope: Scope, alternatives: Sequence[Condition]) -> Iterator[Keys]:
    """Whoever matches one of the alternatives has one of its keys."""
    firsts = [next(_of_condition(scope, one), ()) for one in alternatives]
    together = tuple(sorted({key for keys in firsts for key in keys}))
    if all(firsts) and len(together) <= _MOST_TOGETHER:
        yield together


def _ordering_keys(scope: Scope, one: Condition) -> Keys:
    match one:
        case HasKey(_, keys) if all(map(is_ordering, keys)):
            return keys
        case ExpiresWithin(days):
            return tuple(ordering_window_keys(scope.now, scope.now + timedelta(days=days)))
        case Not() | AnyOf():
            return next((keys for keys in _of_condition(scope, one) if all(map(is_ordering, keys))), ())
        case _:
            return ()


def _rarest_first(scope: Scope, alternatives: list[Keys], customers: int) -> list[Lead]:
    if len(alternatives) == 1 and alternatives[0] == (EVERYBODY,):
        return [Lead((EVERYBODY,), customers, is_known=False)]
    return sorted((_lead(scope, keys, customers) for keys in alternatives), key=lambda lead: lead.count)


def _lead(scope: Scope, keys: Keys, customers: int) -> Lead:
    count = known_count(scope, keys)
    return Lead(keys, customers * min(1.0, sum(map(_share, keys))) if count is None else count, count is not None)


def _share(key: str) -> float:
    if key.startswith(WORD_KEY):
        return float(_SHARE_OF_A_LETTER ** (len(key) - len(WORD_KEY)))
    return next(share for start, share in _SHARES if key.startswith(start))
