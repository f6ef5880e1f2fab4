"""The conditions that a list of customers is limited by, as plain data.

They are parsed from a filter (filter.py) or stand for a KPI (kpis.py), and are simplified (simplification.py) before
they are planned. matching.py evaluates them for one customer in memory.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal

from msgspec import Struct

from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.keys import Keys

# The instants of a customer that a range can limit, by the names of their fields.
InstantField = Literal["created_at", "last_administrator_sign_in_at"]


class HasKey(Struct, frozen=True):
    """The customer has one of the keys. Without keys the condition matches nothing.

    `dimension` is empty where the keys are of several dimensions.
    """

    dimension: str
    keys: Keys


class HasWordPrefixes(Struct, frozen=True):
    """Each of the words is a prefix of one of the customer's words. Without words the condition matches nothing."""

    words: tuple[str, ...]


class ExpiresWithin(Struct, frozen=True):
    """An expiring end is in the future, at most `days` days from now."""

    days: int


class RenewsWithin(Struct, frozen=True):
    """A running subscription renews by itself in the future, at most `days` days from now."""

    days: int


class InstantInRange(Struct, frozen=True):
    """The field has a value at or after `since` and before `until`; None is no limit."""

    field: InstantField
    since: datetime | None
    until: datetime | None

    def contains(self, instant: datetime | None) -> bool:
        """Return whether the value of a customer is in the range; None, for no value, never is."""
        if instant is None:
            return False
        return (self.since is None or self.since <= instant) and (self.until is None or instant < self.until)


class AllOf(Struct, frozen=True):
    """Every condition holds. An empty AllOf matches everything."""

    conditions: "tuple[Condition, ...]"


class AnyOf(Struct, frozen=True):
    """At least one condition holds. An empty AnyOf matches nothing."""

    conditions: "tuple[Condition, ...]"


class Not(Struct, frozen=True):
    """The condition does not hold."""

    condition: "Condition"


# A condition on one value of a customer.
ValueCondition = HasKey | HasWordPrefixes | ExpiresWithin | RenewsWithin | InstantInRange
Condition = ValueCondition | HoldingEndsWithin | HasLowAssignment | AllOf | AnyOf | Not
EVERYTHING = AllOf(())
NOTHING = AnyOf(())


def leaves(condition: Condition) -> Iterator[Condition]:
    """Yield the parts of a condition that have no parts of their own."""
    match condition:
        case AllOf(inner) | AnyOf(inner):
            for part in inner:
                yield from leaves(part)
        case Not(negated):
            yield from leaves(negated)
        case _:
            yield condition


def replace_leaves(condition: Condition, replace: Callable[[Condition], Condition]) -> Condition:
    """Return the condition with each leaf replaced by what `replace` returns for it."""
    match condition:
        case AllOf(inner):
            return AllOf(tuple(replace_leaves(part, replace) for part in inner))
        case AnyOf(inner):
            return AnyOf(tuple(replace_leaves(part, replace) for part in inner))
        case Not(negated):
            return Not(replace_leaves(negated, replace))
        case _:
            return replace(condition)


def conjuncts(wanted: Condition) -> tuple[Condition, ...]:
    """Return the conditions that must all hold."""
    return wanted.conditions if isinstance(wanted, AllOf) else (wanted,)
