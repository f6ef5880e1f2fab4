"""Money: an exact amount of a currency, kept and printed as text, so that it never passes through a float."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

# ISO 4217 counts at most four decimals, and no invoice of a partner's reaches a trillion.
MAX_DECIMALS = 4
MAX_AMOUNT = Decimal(10) ** 12


class Money(NamedTuple):
    """An amount as it was delivered, decimals included, and an ISO 4217 code."""

    amount: Decimal
    currency: str


def format_amount(amount: Decimal) -> str:
    """The amount as it is kept: plain digits, no exponent, no negative zero."""
    return format(amount or abs(amount), "f")


def read_money(document: Mapping[str, Any]) -> Money | None:
    """What stands in a stored document; None where no amount was delivered."""
    amount, currency = document.get("amount"), document.get("currency")
    return None if amount is None or currency is None else Money(Decimal(amount), currency)
