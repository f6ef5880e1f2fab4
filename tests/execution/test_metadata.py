"""What a field declares for the compiled executor, and the forms of stored values."""

from datetime import UTC, datetime, timedelta, timezone
from enum import Enum

import strawberry
from graphql import GraphQLField, GraphQLString

from execution.metadata import EXECUTION, FieldExecution, StoredValue, each_item, enum_name, field_execution, format_utc

NAME = FieldExecution(stored=StoredValue("name"))


class Color(Enum):
    RED = "r"
    GREEN = "g"


@strawberry.type
class Query:
    name: str = strawberry.field(metadata={EXECUTION: NAME})
    plain: str


def test_a_strawberry_field_declares_it_in_its_metadata() -> None:
    fields = strawberry.Schema(Query)._schema.type_map["Query"].fields  # type: ignore[attr-defined]
    assert field_execution(fields["name"]) is NAME
    assert field_execution(fields["plain"]) == FieldExecution()


def test_a_field_of_graphql_core_declares_it_in_its_extensions() -> None:
    assert field_execution(GraphQLField(GraphQLString, extensions={EXECUTION: NAME})) is NAME
    assert field_execution(GraphQLField(GraphQLString)) == FieldExecution()


def test_an_instant_is_written_in_utc_with_milliseconds() -> None:
    naive = datetime(2026, 11, 29, 0, 45, 27, 123999)
    assert format_utc(naive) == format_utc(naive.replace(tzinfo=UTC)) == "2026-11-29T00:45:27.123Z"
    assert format_utc(naive.replace(tzinfo=timezone(timedelta(hours=2)))) == "2026-11-28T22:45:27.123Z"


def test_an_enum_value_is_written_by_its_name() -> None:
    assert each_item(enum_name(Color))(["g", "r"]) == ["GREEN", "RED"]
