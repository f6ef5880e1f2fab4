"""Parsers of amounts and currencies."""

import re
from decimal import Decimal

from domain.failures import InvalidRecord
from domain.imports.fields import wrong_type_error
from domain.money import MAX_AMOUNT, MAX_DECIMALS, format_amount
from domain.text.iso_codes import parse_currency_code

_AMOUNT = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)


def amount(name: str, value: object) -> str:
    """Return an exact decimal number in canonical form; a float is rejected (jobs/imports/records.py reads exactly)."""
    number = _number(name, value)
    if not number.is_finite() or abs(number) >= MAX_AMOUNT:
        raise InvalidRecord(name, f"must lie between -{MAX_AMOUNT:,} and {MAX_AMOUNT:,}, without its ends")
    if -int(number.as_tuple().exponent) > MAX_DECIMALS:
        raise InvalidRecord(name, f"has more than {MAX_DECIMALS} decimals")
    return format_amount(number)


def _number(name: str, value: object) -> Decimal:
    if type(value) is int or type(value) is Decimal:
        return Decimal(value)
    if type(value) is not str:
        raise wrong_type_error(name, "an amount, such as 1250.00, in a text", value)
    if _AMOUNT.fullmatch(value) is None:
        raise InvalidRecord(name, f"is {value[:60]!r}, which is no amount such as 1250.00")
    return Decimal(value)


def currency(name: str, value: object) -> str:
    """Return an ISO 4217 code in upper case."""
    if type(value) is not str:
        raise wrong_type_error(name, "a text", value)
    code = parse_currency_code(value)
    if code is None:
        raise InvalidRecord(name, f"is {value[:60]!r}, which is no currency code of ISO 4217, such as EUR")
    return code
