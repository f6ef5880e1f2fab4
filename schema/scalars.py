"""The custom scalars: instants, dates, decimal amounts and JSON, with their parsers and serializers."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import strawberry
from graphql import GraphQLError

from domain.time.instants import format_instant, parse_date, parse_instant

Parsed = TypeVar("Parsed")


def _strict_parser(name: str, parse: Callable[[str], Parsed]) -> Callable[[Any], Parsed]:
    """Return a parser of strings that raises a GraphQLError naming the value where `parse` fails."""

    def read(value: Any) -> Parsed:
        if not isinstance(value, str):
            raise GraphQLError(f"{name} must be a string.")
        try:
            return parse(value)
        except (ValueError, InvalidOperation) as refused:
            raise GraphQLError(f"{name} {value[:60]!r} {refused}.") from None

    return read


def _parse_decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError("is not a finite number")
    return number


SCALARS: dict[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An RFC 3339 date and time in milliseconds, always printed in UTC with a trailing Z. "
            "In input, an offset is required, and finer fractions are cut off."
        ),
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339#section-5.6",
        serialize=format_instant,
        parse_value=_strict_parser("DateTime", parse_instant),
    ),
    date: strawberry.scalar(
        name="Date",
        description="An ISO 8601 calendar date, YYYY-MM-DD. Days are days in UTC.",
        specified_by_url="https://scalars.graphql.org/andimarek/local-date.html",
        serialize=date.isoformat,
        parse_value=_strict_parser("Date", parse_date),
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A decimal number, printed as a string so that money never passes through a float.",
        specified_by_url="https://speleotrove.com/decimal/daconvs.html",
        serialize=str,
        parse_value=_strict_parser("Decimal", _parse_decimal),
    ),
    strawberry.scalars.JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
