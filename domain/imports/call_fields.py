"""Parsers of the fields of calls, media figures and queue calls."""

import math
import re
from datetime import datetime

from domain.failures import InvalidRecord
from domain.imports.fields import FieldParser, integer, text, wrong_type_error
from domain.text.limits import raw_limit
from domain.time.instants import parse_utc_instant

# Nearly twelve days: longer than any call, and small enough for the sum of all calls of a week.
MAX_DURATION_SECONDS = 1_000_000
MAX_MILLISECONDS = 1_000_000.0
_short = text(200)
_LINE_BREAK = re.compile(r"[\r\n]")


def instant_in_utc(name: str, value: object) -> datetime:
    """Return a date-time as naive UTC; without a zone it is in UTC, as the report documents."""
    try:
        return parse_utc_instant(_short(name, value))
    except ValueError as wrong:
        raise InvalidRecord(name, str(wrong)) from None


def seconds_from_text(name: str, value: object) -> int:
    """Return the whole seconds of a report's cell."""
    cell = str(_short(name, value))
    if cell.isascii() and cell.isdigit() and len(cell) <= 7 and int(cell) <= MAX_DURATION_SECONDS:
        return int(cell)
    raise InvalidRecord(name, f"must be whole seconds from 0 to {MAX_DURATION_SECONDS:,}, and is {cell[:60]!r}")


def report_cell(longest: int) -> FieldParser:
    """Return a parser of a report's text; a line break in it, with the white space around it, is a space."""
    parse, longest_raw = text(longest), raw_limit(longest)
    return lambda name, value: parse(
        name, _join_lines(value) if isinstance(value, str) and len(value) <= longest_raw else value
    )


def _join_lines(cell: str) -> str:
    if _LINE_BREAK.search(cell) is None:
        return cell
    return " ".join(filter(None, map(str.strip, _LINE_BREAK.split(cell))))


wait_seconds = integer(0, MAX_DURATION_SECONDS)


def measurement(most: float, unit: str) -> FieldParser:
    """Return a parser of numbers from 0 to `most`, both included; it returns a float."""

    def parse(name: str, value: object) -> float:
        if type(value) is not float and type(value) is not int:
            raise wrong_type_error(name, "a number", value)
        # An integer too large for a float exceeds the bound as well, so it is compared before it is converted.
        if not 0 <= value <= most or math.isnan(value):
            raise InvalidRecord(name, f"must be from 0 to {most:,.0f}{unit}, and is {str(value)[:40]}")
        return abs(float(value))

    return parse


percent = measurement(100.0, " percent")
milliseconds = measurement(MAX_MILLISECONDS, " ms")
