"""Orders of a subscription, and which orders of this system a delivered order replaces.

The renewal job writes an order per term before the ordering system delivers its own. A delivered order replaces the
one that was written here for the same renewal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.types import OrderKind, Product

MAX_ORDER_LINES = 100
MAX_QUANTITY = 1_000_000
# Consecutive terms begin at least 28 days per month apart, so a delivered renewal matches at most one of our orders.
_HALF_MONTH = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteOrderSetup:
    """The subscription whose setup is to be completed."""

    subscription: str


class OrderLine(NamedTuple):
    """The licences of one product in an order; a negative quantity returns licences."""

    product: Product
    quantity: int


def is_same_renewal(delivered_at: datetime, ours_at: datetime, term_months: int | None) -> bool:
    """Return whether a delivered renewal is for the term that begins at `ours_at`: placed within half a term of it."""
    return abs(delivered_at - ours_at) < _HALF_MONTH * (term_months or 12)


def is_renewal_delivered(delivered: Iterable[datetime], ours_at: datetime, term_months: int | None) -> bool:
    """Return whether one of the delivered renewals is for the term that begins at `ours_at`."""
    return any(is_same_renewal(at, ours_at, term_months) for at in delivered)


def is_same_order(kind: str, placed_at: datetime, ours_kind: str, ours_at: datetime, term_months: int | None) -> bool:
    """Return whether a delivered order replaces one of ours: the same renewal, or NEW, which exists once."""
    if kind != ours_kind:
        return False
    return kind == OrderKind.NEW or (kind == OrderKind.RENEWAL and is_same_renewal(placed_at, ours_at, term_months))
