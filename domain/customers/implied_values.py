"""What a filter implies about the sort values of its matches. A list reads no values that cannot match.

A customer's urgency is the rank of its most urgent status: 0 for SUSPENDED to LEAST_URGENT_RANK for SUBSCRIPTION alone,
and NO_STATUS_RANK without a status. An EXPIRED customer has no other status and no running entitlement.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.customers.conditions import (
    NOTHING,
    AllOf,
    AnyOf,
    Condition,
    ExpiresWithin,
    HasKey,
    InstantField,
    InstantInRange,
    Not,
    RenewsWithin,
    conjuncts,
)
from domain.customers.holding_conditions import HoldingEndsWithin
from domain.customers.key_dimensions import STATUS
from domain.customers.keys import EXPIRED_KEY, Keys
from domain.customers.projection import NO_STATUS_RANK
from domain.customers.simplification import simplify
from domain.types import URGENCY_RANK, CustomerStatus

# The rank of customers whose only status is SUBSCRIPTION: most of a partner.
LEAST_URGENT_RANK = NO_STATUS_RANK - 1
_EXPIRED_RANK = URGENCY_RANK[CustomerStatus.EXPIRED]
_RANK_OF_KEY = {STATUS.key(status): rank for status, rank in URGENCY_RANK.items()}


def possible_urgency_ranks(wanted: Condition) -> list[int]:
    """Return the ranks that a match can have, ascending.

    A match is at least as urgent as a status that it has, and no match has the rank of a status that it lacks.
    """
    ranks = set(range(NO_STATUS_RANK + 1))
    for condition in conjuncts(wanted):
        match condition:
            case HasKey(_, keys):
                ranks &= _ranks_of_keys(keys)
            case Not(HasKey(_, keys)):
                ranks -= {_RANK_OF_KEY[key] for key in keys if key in _RANK_OF_KEY}
            case _:
                pass
    return sorted(ranks if restrict_to_lowest_urgency(wanted) != NOTHING else ranks - {LEAST_URGENT_RANK})


def single_urgency_rank(wanted: Condition) -> int | None:
    """Return the rank of every match where a key of the filter decides it (EXPIRED, SUSPENDED)."""
    ranks = (_ranks_of_keys(condition.keys) for condition in conjuncts(wanted) if isinstance(condition, HasKey))
    return next((min(possible) for possible in ranks if len(possible) == 1), None)


def _ranks_of_keys(keys: Keys) -> set[int]:
    """Return the ranks that customers with any of the keys can have."""
    if keys == (EXPIRED_KEY,):
        return {_EXPIRED_RANK}
    return set(range(max((_RANK_OF_KEY.get(key, NO_STATUS_RANK) for key in keys), default=NO_STATUS_RANK) + 1))


def implies_no_next_expiry(wanted: Condition) -> bool:
    """Whether no match has a running entitlement, and so none has a next expiry."""
    return any(isinstance(condition, HasKey) and condition.keys == (EXPIRED_KEY,) for condition in conjuncts(wanted))


def latest_next_expiry(wanted: Condition, now: datetime) -> datetime | None:
    """Return the moment after which no match has its next expiry; None where the filter sets no limit."""
    windows = (ExpiresWithin, RenewsWithin, HoldingEndsWithin)
    days = [condition.days for condition in conjuncts(wanted) if isinstance(condition, windows)]
    return now + timedelta(days=min(days)) if days else None


def instant_limits(wanted: Condition, field: InstantField) -> InstantInRange | None:
    """Return the range that the values of all matches are in; None where the filter does not limit the field."""
    ranges = [part for part in conjuncts(wanted) if isinstance(part, InstantInRange) and part.field == field]
    since = max((limit.since for limit in ranges if limit.since is not None), default=None)
    until = min((limit.until for limit in ranges if limit.until is not None), default=None)
    return InstantInRange(field, since, until) if ranges else None


def restrict_to_lowest_urgency(wanted: Condition) -> Condition:
    """Return the simplified condition for customers of LEAST_URGENT_RANK, which have no other status."""
    return simplify(_without_other_statuses(wanted))


def _without_other_statuses(wanted: Condition) -> Condition:
    match wanted:
        case HasKey(dimension, keys):
            return HasKey(
                dimension, tuple(key for key in keys if _RANK_OF_KEY.get(key, LEAST_URGENT_RANK) == LEAST_URGENT_RANK)
            )
        case AllOf(inner):
            return AllOf(_each(inner))
        case AnyOf(inner):
            return AnyOf(_each(inner))
        case Not(negated):
            return Not(_without_other_statuses(negated))
        case _:
            return wanted


def _each(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    return tuple(map(_without_other_statuses, conditions))
