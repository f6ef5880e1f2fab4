"""The parsers behind the fields of calls, their media figures and queue calls."""

import math
from datetime import datetime

from domain.failures import LineRefused
from domain.imports.fields import Parser, integer, text, wrong_type
from domain.time.instants import parse_utc_instant

# Nearly twelve days: longer than any call, and far from what a sum of them could not hold.
LONGEST_SECONDS = 1_000_000
SLOWEST_MS = 1_000_000.0
_short = text(200)


def instant_in_utc(name: str, value: object) -> datetime:
    """A date-time as naive UTC; one without a zone is in UTC, as the report documents."""
    try:
        return parse_utc_instant(_short(name, value))
    except ValueError as wrong:
        raise LineRefused(name, str(wrong)) from None


def seconds_text(name: str, value: object) -> int:
    """Whole seconds as a report's cell holds them."""
    given = str(_short(name, value))
    if given.isascii() and given.isdigit() and len(given) <= 7 and int(given) <= LONGEST_SECONDS:
        return int(given)
    raise LineRefused(name, f"must be whole seconds from 0 to {LONGEST_SECONDS:,}, and is {given[:60]!r}")


wait_seconds = integer(0, LONGEST_SECONDS)


def measurement(most: float, unit: str) -> Parser:
    """A number from 0 to `most`, both included, as a float."""

    def parse(name: str, value: object) -> float:
        if type(value) is not float and type(value) is not int:
            raise wrong_type(name, "a number", value)
        # A number beyond all floats is beyond the bound too, and must not be converted first.
        if not 0 <= value <= most or math.isnan(value):
            raise LineRefused(name, f"must be from 0 to {most:,.0f}{unit}, and is {str(value)[:40]}")
        return abs(float(value))

    return parse


percent = measurement(100.0, " percent")
milliseconds = measurement(SLOWEST_MS, " ms")
