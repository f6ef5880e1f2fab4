"""Amounts and currencies of a delivered line."""

import re
from decimal import Decimal

from domain.failures import LineRefused
from domain.imports.fields import wrong_type
from domain.money import AMOUNT_LIMIT, MOST_DECIMALS, amount_text

_AMOUNT = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)


def amount(name: str, value: object) -> str:
    """Return an exact decimal number, given as text or number; refuse a float (records.py reads exactly)."""
    number = _number(name, value)
    if not number.is_finite() or abs(number) >= AMOUNT_LIMIT:
        raise LineRefused(name, f"must lie between -{AMOUNT_LIMIT:,} and {AMOUNT_LIMIT:,}, without its ends")
    if -int(number.as_tuple().exponent) > MOST_DECIMALS:
        raise LineRefused(name, f"has more than {MOST_DECIMALS} decimals")
    return amount_text(number)


def _number(name: str, value: object) -> Decimal:
    if type(value) is int or type(value) is Decimal:
        return Decimal(value)
    if type(value) is not str:
        raise wrong_type(name, "an amount, such as 1250.00, in a text", value)
    if _AMOUNT.fullmatch(value) is None:
        raise LineRefused(name, f"is {value[:60]!r}, which is no amount such as 1250.00")
    return Decimal(value)


def currency(name: str, value: object) -> str:
    """Three letters (the shape of ISO 4217), upper-cased."""
    if type(value) is not str:
        raise wrong_type(name, "a text", value)
    if _CURRENCY.fullmatch(value.strip()) is None:
        raise LineRefused(name, "must be a currency of three letters, such as EUR")
    return value.strip().upper()
