"""What a filter says of the urgency of its matches: their rank is that of the most urgent status that they hold."""

from collections.abc import Sequence

from domain.customers.filter import NOTHING, AllOf, AnyOf, Condition, HasKey, Not, conjuncts, simplify
from domain.customers.keys import dimension_key
from domain.customers.projection import NO_URGENCY
from domain.types import URGENCY_RANK

# The rank of those who hold nothing but SUBSCRIPTION, which are most of a partner.
LOWEST_URGENCY = NO_URGENCY - 1
_RANK_OF_KEY = {dimension_key("status", status): rank for status, rank in URGENCY_RANK.items()}


def possible_urgency_ranks(wanted: Condition) -> list[int]:
    """The ranks that matches can have: nobody is calmer than a status that they hold, nor has one that they do not."""
    ranks = set(range(NO_URGENCY + 1))
    for one in conjuncts(wanted):
        match one:
            case HasKey(_, keys) if all(key in _RANK_OF_KEY for key in keys):
                ranks &= set(range(max(_RANK_OF_KEY[key] for key in keys) + 1))
            case Not(HasKey(_, keys)):
                ranks -= {_RANK_OF_KEY[key] for key in keys if key in _RANK_OF_KEY}
            case _:
                pass
    return sorted(ranks if restrict_to_lowest_urgency(wanted) != NOTHING else ranks - {LOWEST_URGENCY})


def restrict_to_lowest_urgency(wanted: Condition) -> Condition:
    """The condition that matches the same of the calm, simplified: they hold no more urgent status."""
    return simplify(_without_other_statuses(wanted))


def _without_other_statuses(wanted: Condition) -> Condition:
    match wanted:
        case HasKey(dimension, keys):
            return HasKey(
                dimension, tuple(key for key in keys if _RANK_OF_KEY.get(key, LOWEST_URGENCY) == LOWEST_URGENCY)
            )
        case AllOf(inner):
            return AllOf(_each(inner))
        case AnyOf(inner):
            return AnyOf(_each(inner))
        case Not(inner_one):
            return Not(_without_other_statuses(inner_one))
        case _:
            return wanted


def _each(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    return tuple(map(_without_other_statuses, conditions))
