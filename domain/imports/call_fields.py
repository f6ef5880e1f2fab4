"""The parsers behind the fields of calls, their media figures and queue calls."""

import math
from datetime import datetime

from domain.failures import InvalidRecord
from domain.imports.fields import FieldParser, integer, text, wrong_type_error
from domain.time.instants import parse_utc_instant

# Nearly twelve days: longer than any call, and far from what a sum of them could not hold.
MAX_DURATION_SECONDS = 1_000_000
MAX_MILLISECONDS = 1_000_000.0
_short = text(200)


def instant_in_utc(name: str, value: object) -> datetime:
    """A date-time as naive UTC; one without a zone is in UTC, as the report documents."""
    try:
        return parse_utc_instant(_short(name, value))
    except ValueError as wrong:
        raise InvalidRecord(name, str(wrong)) from None


def seconds_from_text(name: str, value: object) -> int:
    """Whole seconds as a report's cell holds them."""
    given = str(_short(name, value))
    if given.isascii() and given.isdigit() and len(given) <= 7 and int(given) <= MAX_DURATION_SECONDS:
        return int(given)
    raise InvalidRecord(name, f"must be whole seconds from 0 to {MAX_DURATION_SECONDS:,}, and is {given[:60]!r}")


wait_seconds = integer(0, MAX_DURATION_SECONDS)


def measurement(most: float, unit: str) -> FieldParser:
    """A number from 0 to `most`, both included, as a float."""

    def parse(name: str, value: object) -> float:
        if type(value) is not float and type(value) is not int:
            raise wrong_type_error(name, "a number", value)
        # A number beyond all floats is beyond the bound too, and must not be converted first.
        if not 0 <= value <= most or math.isnan(value):
            raise InvalidRecord(name, f"must be from 0 to {most:,.0f}{unit}, and is {str(value)[:40]}")
        return abs(float(value))

    return parse


percent = measurement(100.0, " percent")
milliseconds = measurement(MAX_MILLISECONDS, " ms")
