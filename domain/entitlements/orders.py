"""Orders of a subscription, and which of those made here give way to the ordering system's own."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.types import OrderKind, Product

MAX_ORDER_LINES = 100
MAX_QUANTITY = 1_000_000
# Two terms begin at least 28 days a month apart, so that one delivered renewal never stands for two of ours.
_HALF_MONTH = timedelta(days=14)


class OrderLine(NamedTuple):
    """Licences ordered; negative where they were given back."""

    product: Product
    quantity: int


def is_same_renewal(delivered_at: datetime, ours_at: datetime, term_months: int | None) -> bool:
    """Whether a delivered renewal is that of the term that begins at `ours_at`: placed within half a term of it."""
    return abs(delivered_at - ours_at) < _HALF_MONTH * (term_months or 12)


def is_renewal_delivered(delivered: Iterable[datetime], ours_at: datetime, term_months: int | None) -> bool:
    """Whether the ordering system has delivered the renewal of a term itself."""
    return any(is_same_renewal(at, ours_at, term_months) for at in delivered)


def is_same_order(kind: str, placed_at: datetime, ours_kind: str, ours_at: datetime, term_months: int | None) -> bool:
    """Whether a delivered order is the one that was made here in its stead: a subscription is new only once."""
    if kind != ours_kind:
        return False
    return kind == OrderKind.NEW or (kind == OrderKind.RENEWAL and is_same_renewal(placed_at, ours_at, term_months))
