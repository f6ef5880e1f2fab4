"""Scalars read strictly and print in one form."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import strawberry
from graphql import graphql_sync
from strawberry.schema.config import StrawberryConfig

from schema.scalars import SCALARS


def echo(value: Any) -> Any:
    return value


@strawberry.type
class Query:
    @strawberry.field
    def instant(self, value: datetime) -> datetime:
        return value

    @strawberry.field
    def day(self, value: date) -> date:
        return value

    @strawberry.field
    def amount(self, value: Decimal) -> Decimal:
        return value

    @strawberry.field
    def anything(self, value: strawberry.scalars.JSON) -> strawberry.scalars.JSON:
        return value


SCHEMA = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS))
TYPES = {"instant": "DateTime", "day": "Date", "amount": "Decimal", "anything": "JSON"}


def through(field: str, value: Any) -> Any:
    text = f"query ($v: {TYPES[field]}!) {{ {field}(value: $v) }}"
    result = graphql_sync(SCHEMA._schema, text, variable_values={"v": value})
    return result.data[field] if result.data else [error.message for error in result.errors or ()]


@pytest.mark.parametrize(
    ("field", "given", "printed"),
    [
        ("instant", "2026-11-22T19:56:00Z", "2026-11-22T19:56:00Z"),
        ("instant", "2026-11-22T20:56:00.120+01:00", "2026-11-22T19:56:00.120Z"),
        ("instant", "2026-11-22T19:56:00.000999Z", "2026-11-22T19:56:00Z"),
        ("day", "2026-02-28", "2026-02-28"),
        ("amount", "12.340", "12.340"),
        ("anything", {"a": [1, None, {"b": "c"}]}, {"a": [1, None, {"b": "c"}]}),
    ],
)
def test_prints_what_it_read(field: str, given: Any, printed: Any) -> None:
    assert through(field, given) == printed


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("instant", "2026-11-22T19:56:00"),
        ("instant", "2026-11-22"),
        ("instant", "2026-02-30T00:00:00Z"),
        ("instant", "0001-01-01T00:00:00+10:00"),
        ("instant", 1795348800),
        ("instant", "x" * 10_000),
        ("day", "2026-2-8"),
        ("day", "2026-02-30"),
        ("day", "2026-11-22T00:00:00Z"),
        ("amount", "NaN"),
        ("amount", "ten"),
        ("amount", 1.5),
    ],
)
def test_refuses_what_it_cannot_mean(field: str, given: Any) -> None:
    found = through(field, given)
    assert isinstance(found, list)
    assert len(found[0]) < 500 or len(str(given)) > 500
