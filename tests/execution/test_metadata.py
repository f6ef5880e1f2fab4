"""What a field declares for the compiled executor, and the forms of stored values."""

from enum import Enum

import strawberry
from graphql import GraphQLField, GraphQLString

from execution.metadata import EXECUTION, FieldExecution, StoredValue, each_item, enum_name, field_execution

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


def test_an_enum_value_is_written_by_its_name() -> None:
    assert each_item(enum_name(Color))(["g", "r"]) == ["GREEN", "RED"]
