"""CustomerFilter: its conditions as plain data, parsed from input, and evaluated for one customer in memory."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.keys import EXPIRED_KEY, Keys, dimension_key, requires_living_entitlement
from domain.failures import BadUserInput, TooManyValues
from domain.text.search import parse_search

MAX_FILTER_DEPTH = 5
MAX_FILTERS = 100
MAX_VALUES = 500
MAX_EXPIRY_DAYS = 365
# The filter's fields that are conditions on keys, and the names of the dimensions of these keys.
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
    """The customer has one of the keys. Without keys the condition matches nothing.

    `dimension` is empty where the keys are of several dimensions.
    """

    dimension: str
    keys: Keys


@dataclass(frozen=True, slots=True)
class HasWordPrefixes:
    """Each of the words is a prefix of one of the customer's words. Without words the condition matches nothing."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExpiresWithin:
    """An expiring end is in the future, at most `days` days from now."""

    days: int


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every condition holds. An empty AllOf matches everything."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one condition holds. An empty AnyOf matches nothing."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    condition: "Condition"


Condition = HasKey | HasWordPrefixes | ExpiresWithin | HoldingEndsWithin | HasLowAssignment | AllOf | AnyOf | Not
EVERYTHING = AllOf(())
NOTHING = AnyOf(())


def parse_filter(raw: Mapping[str, Any] | None) -> AllOf:
    """Return the conditions of a filter, joined by AND; raise BadUserInput for an invalid one.

    allOf, anyOf and not nest at most MAX_FILTER_DEPTH deep. A single value is read as a list of one.
    """
    return _FilterParser().read(raw or {}, 0)


class _FilterParser:
    """Parses one filter and counts the nested filters, because MongoDB plans each of them."""

    def __init__(self) -> None:
        self._filters = 0

    def read(self, raw: Mapping[str, Any], depth: int) -> AllOf:
        self._filters += 1
        if depth > MAX_FILTER_DEPTH:
            raise BadUserInput(f"A filter may hold allOf, anyOf and not at most {MAX_FILTER_DEPTH} deep.")
        if self._filters > MAX_FILTERS:
            raise BadUserInput(f"A filter may consist of at most {MAX_FILTERS} filters.")
        return AllOf(
            tuple(self._parse_condition(name, value, depth) for name, value in raw.items() if value is not None)
        )

    def _parse_condition(self, name: str, value: Any, depth: int) -> Condition:
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
        inner = tuple(self.read(nested, depth + 1) for nested in _as_list(name, value))
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
    """Return the conditions that must all hold."""
    return wanted.conditions if isinstance(wanted, AllOf) else (wanted,)


def uses_time(condition: Condition) -> bool:
    """Whether the result can change by time alone."""
    match condition:
        case ExpiresWithin() | HoldingEndsWithin() | HasLowAssignment():
            return True
        case AllOf(inner) | AnyOf(inner):
            return any(map(uses_time, inner))
        case Not(negated):
            return uses_time(negated)
        case _:
            return False


def matches(
    condition: Condition,
    keys: Set[str],
    words: Collection[str],
    expiring_ends: Collection[datetime] = (),
    now: datetime | None = None,
) -> bool:
    """Whether a customer with these keys and folded words matches. MongoDB gives the same result.

    The keys of words and ends may be missing. A condition that `uses_time` requires the ends and `now`.
    """
    return _evaluate_condition(condition, _Customer(keys, words, expiring_ends, now))


class _Customer(NamedTuple):
    """The values that conditions are evaluated on."""

    keys: Set[str]
    words: Collection[str]
    expiring_ends: Collection[datetime]
    now: datetime | None


def _evaluate_condition(condition: Condition, customer: _Customer) -> bool:
    match condition:
        case HasKey(_, keys):
            return not customer.keys.isdisjoint(keys)
        case HasWordPrefixes(prefixes):
            return bool(prefixes) and all(any(word.startswith(start) for word in customer.words) for start in prefixes)
        case AllOf(inner):
            return all(_evaluate_condition(part, customer) for part in inner)
        case AnyOf(inner):
            return any(_evaluate_condition(part, customer) for part in inner)
        case Not(negated):
            return not _evaluate_condition(negated, customer)
        case ExpiresWithin(days):
            if customer.now is None:
                raise ValueError("A condition on time requires `now`.")
            until = customer.now + timedelta(days=days)
            return any(customer.now < end <= until for end in customer.expiring_ends)
        case HoldingEndsWithin() | HasLowAssignment():
            raise ValueError("Keys and words do not decide a condition on holdings: call its own `matches`.")


def without_dimension(condition: AllOf, dimension: str) -> AllOf:
    """Return the filter without its top-level conditions on the dimension."""
    return AllOf(
        tuple(part for part in condition.conditions if not (isinstance(part, HasKey) and part.dimension == dimension))
    )


def simplify(condition: Condition) -> Condition:
    """Return an equivalent condition without redundant parts; EVERYTHING and NOTHING occur only as the result."""
    match condition:
        case HasKey(_, ()) | HasWordPrefixes(()) | HasLowAssignment(_, ()):
            return NOTHING
        case AllOf(inner):
            return _all_of(inner)
        case AnyOf(inner):
            return _any_of(inner)
        case Not(negated):
            return _negate(simplify(negated))
        case _:
            return condition


def is_impossible(wanted: Condition) -> bool:
    """Whether the rules of statuses exclude every customer: an EXPIRED customer has no living entitlement.

    Such a query is the most expensive one: both keys are common, and MongoDB scans all of them for a first match.
    """
    if not isinstance(wanted, AllOf):
        return wanted == NOTHING
    keys = [part.keys for part in wanted.conditions if isinstance(part, HasKey)]
    has_living = any(isinstance(part, ExpiresWithin) for part in wanted.conditions)
    return (EXPIRED_KEY,) in keys and (has_living or any(map(requires_living_entitlement, keys)))


def _all_of(inner: Sequence[Condition]) -> Condition:
    flat: list[Condition] = []
    for part in map(simplify, inner):
        if part == NOTHING:
            return NOTHING
        flat.extend(part.conditions if isinstance(part, AllOf) else [part])
    distinct = tuple(dict.fromkeys(flat))
    return distinct[0] if len(distinct) == 1 else AllOf(distinct)


def _any_of(inner: Sequence[Condition]) -> Condition:
    flat: list[Condition] = []
    for part in map(simplify, inner):
        if part == EVERYTHING:
            return EVERYTHING
        flat.extend(part.conditions if isinstance(part, AnyOf) else [part])
    # The keys of several dimensions become one condition, which an index answers in order by merging its scans.
    keys = sorted({key for part in flat if isinstance(part, HasKey) for key in part.keys})
    merged: list[Condition] = [HasKey("", tuple(keys))] if keys else []
    distinct = tuple(dict.fromkeys([*merged, *(part for part in flat if not isinstance(part, HasKey))]))
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
