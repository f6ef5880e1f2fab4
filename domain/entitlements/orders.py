"""Orders of a subscription, which orders of this system a delivered order replaces, and the numbers of renewals.

The renewal job writes an order per term before the ordering system delivers its own. A delivered order replaces the
one that was written here for the same renewal.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count, product
from string import ascii_lowercase
from typing import NamedTuple

from msgspec import Struct

from domain.entitlements.lifecycle import DEFAULT_TERM_MONTHS, Entitlement, end_after_renewals
from domain.time.instants import add_clamped
from domain.types import OrderKind, Product

MAX_ORDER_LINES = 100
MAX_QUANTITY = 1_000_000
# Consecutive terms begin at least 28 days per month apart, so an order is for at most one term of a series.
_HALF_MONTH = timedelta(days=14)


class CompleteOrderSetup(Struct, frozen=True, kw_only=True):
    """The subscription whose setup is to be completed."""

    subscription: str


class OrderLine(NamedTuple):
    """The licences of one product, or of one named line of it, in an order; a negative quantity returns licences."""

    product: Product
    quantity: int
    name: str | None = None


def renewal_window(begins_at: datetime, term_months: int | None) -> tuple[datetime, datetime]:
    """Return the bounds, both exclusive, within which an order of the term that begins at `begins_at` was placed."""
    slack = _half_term(term_months)
    return add_clamped(begins_at, -slack), add_clamped(begins_at, slack)


def _half_term(term_months: int | None) -> timedelta:
    """Return half the length of the shortest term of this number of months."""
    return _HALF_MONTH * (term_months or DEFAULT_TERM_MONTHS)


def is_same_renewal(placed_at: datetime, begins_at: datetime, term_months: int | None) -> bool:
    """Return whether a renewal order is for the term that begins at `begins_at`: placed within half a term of it."""
    return abs(placed_at - begins_at) < _half_term(term_months)


def is_same_order(kind: str, placed_at: datetime, ours_kind: str, ours_at: datetime, term_months: int | None) -> bool:
    """Return whether a delivered order replaces one of ours: the same renewal, or NEW, which exists once."""
    if kind != ours_kind:
        return False
    return kind == OrderKind.NEW or (kind == OrderKind.RENEWAL and is_same_renewal(placed_at, ours_at, term_months))


def find_renewal(subscription: Entitlement, placed_at: datetime) -> int | None:
    """Return which recorded renewal an order that was placed at this moment is for; None where there is none."""
    months = subscription.term_months or DEFAULT_TERM_MONTHS
    first = subscription.first_ends_at
    elapsed = ((placed_at.year - first.year) * 12 + placed_at.month - first.month) // months
    for renewal in range(max(1, elapsed), min(subscription.renewals, elapsed + 2) + 1):
        if is_same_renewal(placed_at, end_after_renewals(subscription, renewal - 1), months):
            return renewal
    return None


def other_numbers(number: str) -> Iterator[str]:
    """Yield the number, then the number with `b`, `c`, … `z`, `ba`, …, without end."""
    yield number
    for length in count(1):
        for letters in product(ascii_lowercase, repeat=length):
            if letters[0] != "a":
                yield number + "".join(letters)
