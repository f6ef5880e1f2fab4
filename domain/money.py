"""Money: an exact decimal amount with its currency, stored and printed as text to avoid the rounding of floats."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

# ISO 4217 has currencies with at most four decimals. The amount must be below a trillion.
MAX_DECIMALS = 4
MAX_AMOUNT = Decimal(10) ** 12


class Money(NamedTuple):
    """An amount with the decimals that were delivered (`10.50` stays `10.50`), and an ISO 4217 currency code."""

    amount: Decimal
    currency: str


def format_amount(amount: Decimal) -> str:
    """Return the stored form: plain digits, no exponent, no negative zero."""
    return format(amount or abs(amount), "f")


def read_money(document: Mapping[str, Any]) -> Money | None:
    """Return the amount of a stored document, or None where no amount was delivered."""
    amount, currency = document.get("amount"), document.get("currency")
    return None if amount is None or currency is None else Money(Decimal(amount), currency)
