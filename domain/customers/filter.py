"""CustomerFilter: its conditions as plain data, read from a client's input, and decided for one customer in memory."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.keys import dimension_key
from domain.failures import BadUserInput, TooManyValues
from domain.text.search import parse_search

MAX_FILTER_DEPTH = 5
MAX_FILTERS = 100
MAX_VALUES = 500
MAX_EXPIRY_DAYS = 365
_EXPIRED = "status:EXPIRED"
_LIVING_PREFIXES = ("status:", "product:", "type:")
# The filter's fields that ask for a key, and the dimension that their keys begin with.
DIMENSIONS: Mapping[str, str] = {
    "managed_by": "managed_by",
    "product": "product",
    "status": "status",
    "subscription_type": "type",
    "tag": "tag",
    "administrator": "administrator",
    "country": "country",
}


@dataclass(frozen=True, slots=True)
class HasKey:
    """The customer carries one of the keys; with none it matches nothing."""

    dimension: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HasWordPrefixes:
    """Each of the words is the start of a word of the customer; with none it matches nothing."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExpiresWithin:
    """Some expiring end lies ahead by at most so many days."""

    days: int


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every condition holds; with none it matches everything."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one condition holds; with none it matches nothing."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    condition: "Condition"


Condition = HasKey | HasWordPrefixes | ExpiresWithin | HoldingEndsWithin | HasLowAssignment | AllOf | AnyOf | Not
EVERYTHING = AllOf(())
NOTHING = AnyOf(())


def parse_filter(raw: Mapping[str, Any] | None) -> AllOf:
    """The conditions of a filter, joined by AND; BadUserInput where one cannot be meant.

    allOf, anyOf and not may stand five deep within each other. A single value may stand for a list.
    """
    return _FilterParser().read(raw or {}, 0)


class _FilterParser:
    """Reads one filter and counts the filters within it, because each costs the database a plan."""

    def __init__(self) -> None:
        self._filters = 0

    def read(self, raw: Mapping[str, Any], depth: int) -> AllOf:
        self._filters += 1
        if depth > MAX_FILTER_DEPTH:
            raise BadUserInput(f"A filter may hold allOf, anyOf and not at most {MAX_FILTER_DEPTH} deep.")
        if self._filters > MAX_FILTERS:
            raise BadUserInput(f"A filter may consist of at most {MAX_FILTERS} filters.")
        return AllOf(tuple(self._condition(name, value, depth) for name, value in raw.items() if value is not None))

    def _condition(self, name: str, value: Any, depth: int) -> Condition:
        if name in DIMENSIONS:
            return _has_key(name, _as_list(name, value))
        if name == "search":
            return _search(str(value))
        if name == "expires_within_days":
            return _expires_within(value)
        if name == "not_":
            return Not(self.read(value, depth + 1))
        if name not in ("all_of", "any_of"):
            raise BadUserInput(f"A filter has no condition {name}.")
        inner = tuple(self.read(one, depth + 1) for one in _as_list(name, value))
        return AllOf(inner) if name == "all_of" else AnyOf(inner)


def _as_list(name: str, value: Any) -> Sequence[Any]:
    values = value if isinstance(value, list | tuple) else [value]
    if len(values) > MAX_VALUES:
        raise TooManyValues(name, MAX_VALUES, len(values))
    return values


def _has_key(name: str, values: Sequence[Any]) -> HasKey:
    dimension = DIMENSIONS[name]
    return HasKey(dimension, tuple(sorted({dimension_key(dimension, str(value)) for value in values})))


def _search(text: str) -> Condition:
    words = parse_search(text)
    return EVERYTHING if words is None else HasWordPrefixes(words)


def _expires_within(days: Any) -> ExpiresWithin:
    if type(days) is not int or not 1 <= days <= MAX_EXPIRY_DAYS:
        raise BadUserInput(f"expiresWithinDays is a number from 1 to {MAX_EXPIRY_DAYS}.")
    return ExpiresWithin(days)


def conjuncts(wanted: Condition) -> tuple[Condition, ...]:
    """The conditions that must all hold."""
    return wanted.conditions if isinstance(wanted, AllOf) else (wanted,)


def uses_time(condition: Condition) -> bool:
    """Whether time alone can turn the answer."""
    match condition:
        case ExpiresWithin() | HoldingEndsWithin() | HasLowAssignment():
            return True
        case AllOf(inner) | AnyOf(inner):
            return any(map(uses_time, inner))
        case Not(inner_one):
            return uses_time(inner_one)
        case _:
            return False


def matches(
    condition: Condition,
    keys: Set[str],
    words: Collection[str],
    expiring_ends: Collection[datetime] = (),
    now: datetime | None = None,
) -> bool:
    """Whether a customer with these keys and folded words matches, as MongoDB decides it.

    The keys need not hold those of words and ends. A condition that `uses_time` needs the ends and `now`.
    """
    return _evaluate_condition(condition, _Customer(keys, words, expiring_ends, now))


class _Customer(NamedTuple):
    """What a condition is held against."""

    keys: Set[str]
    words: Collection[str]
    expiring_ends: Collection[datetime]
    now: datetime | None


def _evaluate_condition(condition: Condition, customer: _Customer) -> bool:
    match condition:
        case HasKey(_, wanted):
            return not customer.keys.isdisjoint(wanted)
        case HasWordPrefixes(wanted):
            return bool(wanted) and all(any(word.startswith(start) for word in customer.words) for start in wanted)
        case AllOf(inner):
            return all(_evaluate_condition(one, customer) for one in inner)
        case AnyOf(inner):
            return any(_evaluate_condition(one, customer) for one in inner)
        case Not(inner_one):
            return not _evaluate_condition(inner_one, customer)
        case ExpiresWithin(days):
            if customer.now is None:
                raise ValueError("A condition on time needs a moment.")
            last = customer.now + timedelta(days=days)
            return any(customer.now < end <= last for end in customer.expiring_ends)
        case HoldingEndsWithin() | HasLowAssignment():
            raise ValueError("No filter asks for what a customer holds: the condition itself decides it.")


def without_dimension(condition: AllOf, dimension: str) -> AllOf:
    """The filter without its own top-level condition on the dimension."""
    kept = (one for one in condition.conditions if not (isinstance(one, HasKey) and one.dimension == dimension))
    return AllOf(tuple(kept))


def simplify(condition: Condition) -> Condition:
    """An equal condition without empty and needless parts: EVERYTHING and NOTHING stand only for themselves."""
    match condition:
        case HasKey(_, ()) | HasWordPrefixes(()) | HasLowAssignment(_, ()):
            return NOTHING
        case AllOf(inner):
            return _all_of(inner)
        case AnyOf(inner):
            return _any_of(inner)
        case Not(inner_one):
            return _negate(simplify(inner_one))
        case _:
            return condition


def is_impossible(wanted: Condition) -> bool:
    """Whether the rules of statuses leave no customer: who is EXPIRED has nothing that is living.

    To a database it is the worst of questions: both keys are common, and it looks for a first match to the end.
    """
    if not isinstance(wanted, AllOf):
        return wanted == NOTHING
    keys = [one.keys for one in wanted.conditions if isinstance(one, HasKey)]
    with_living = any(isinstance(one, ExpiresWithin) for one in wanted.conditions) or any(map(_requires_living, keys))
    return (_EXPIRED,) in keys and with_living


def _requires_living(keys: Sequence[str]) -> bool:
    return all(key.startswith(_LIVING_PREFIXES) and key != _EXPIRED for key in keys)


def _all_of(inner: Sequence[Condition]) -> Condition:
    flat: list[Condition] = []
    for one in map(simplify, inner):
        if one == NOTHING:
            return NOTHING
        flat.extend(one.conditions if isinstance(one, AllOf) else [one])
    distinct = tuple(dict.fromkeys(flat))
    return distinct[0] if len(distinct) == 1 else AllOf(distinct)


def _any_of(inner: Sequence[Condition]) -> Condition:
    flat: list[Condition] = []
    for one in map(simplify, inner):
        if one == EVERYTHING:
            return EVERYTHING
        flat.extend(one.conditions if isinstance(one, AnyOf) else [one])
    # Keys of any dimension are one list of keys, which an index answers in order.
    keys = sorted({key for one in flat if isinstance(one, HasKey) for key in one.keys})
    joined: list[Condition] = [HasKey("", tuple(keys))] if keys else []
    distinct = tuple(dict.fromkeys([*joined, *(one for one in flat if not isinstance(one, HasKey))]))
    return distinct[0] if len(distinct) == 1 else AnyOf(distinct)


def _negate(condition: Condition) -> Condition:
    match condition:
        case Not(inner):
            return inner
        case AllOf(()):
            return NOTHING
        case AnyOf(()):
            return EVERYTHING
        case _:
            return Not(condition)
