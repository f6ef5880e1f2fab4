"""Simplifies conditions without a change of their result, so that the planner sees each part once."""

from collections.abc import Sequence
from datetime import datetime

from domain.customers.conditions import (
    EVERYTHING,
    NOTHING,
    AllOf,
    AnyOf,
    Condition,
    ExpiresWithin,
    HasKey,
    HasWordPrefixes,
    InstantInRange,
    Not,
    RenewsWithin,
)
from domain.customers.holding_conditions import HasLowAssignment
from domain.customers.keys import EXPIRED_KEY, complementary_key, is_presence_key, requires_living_entitlement


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
        case InstantInRange(_, datetime() as since, datetime() as until) if since >= until:
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
    has_living = any(isinstance(part, ExpiresWithin | RenewsWithin) for part in wanted.conditions)
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
        case HasKey(dimension, (key,)) if is_presence_key(key):
            return HasKey(dimension, (complementary_key(key),))
        case _:
            return Not(condition)
