"""Evaluates conditions for one customer in memory: for feeds, and as the definition of what MongoDB must return."""

from collections.abc import Collection, Set
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from domain.customers.conditions import (
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
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.text.words import starts_word


class MatchedValues(Protocol):
    """The values of a customer that conditions read; the keys of words and ends may be missing."""

    @property
    def keys(self) -> Set[str]: ...
    @property
    def words(self) -> Collection[str]: ...
    @property
    def created_at(self) -> datetime | None: ...
    @property
    def last_administrator_sign_in_at(self) -> datetime | None: ...


class CustomerValues(NamedTuple):
    """The plain form of MatchedValues."""

    keys: Set[str]
    words: Collection[str] = ()
    created_at: datetime | None = None
    last_administrator_sign_in_at: datetime | None = None


class CustomerEnds(NamedTuple):
    """The ends of a customer's running entitlements, by whether they renew by themselves, seen at `now`."""

    now: datetime
    expiring: Collection[datetime] = ()
    renewing: Collection[datetime] = ()


def matches(condition: Condition, customer: MatchedValues, ends: CustomerEnds | None = None) -> bool:
    """Whether the customer matches. MongoDB gives the same result. A window of time requires the ends."""
    match condition:
        case HasKey(_, keys):
            return not customer.keys.isdisjoint(keys)
        case HasWordPrefixes(terms):
            return bool(terms) and all(any(starts_word(word, term) for word in customer.words) for term in terms)
        case InstantInRange(field):
            return condition.contains(getattr(customer, field))
        case AllOf(inner):
            return all(matches(part, customer, ends) for part in inner)
        case AnyOf(inner):
            return any(matches(part, customer, ends) for part in inner)
        case Not(negated):
            return not matches(negated, customer, ends)
        case ExpiresWithin() | RenewsWithin():
            return _ends_within(condition, ends)
        case HoldingEndsWithin() | HasLowAssignment():
            raise ValueError("Keys and words do not decide a condition on holdings: call its own `matches`.")


def _ends_within(condition: ExpiresWithin | RenewsWithin, ends: CustomerEnds | None) -> bool:
    if ends is None:
        raise ValueError("A window of time requires the ends of the customer.")
    until = ends.now + timedelta(days=condition.days)
    candidates = ends.expiring if isinstance(condition, ExpiresWithin) else ends.renewing
    return any(ends.now < end <= until for end in candidates)
