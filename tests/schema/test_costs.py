"""Costs and list sizes are declared on the fields of the schema, and print as directives."""

from collections.abc import Iterator

import pytest
import strawberry
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_composite_type

from domain.paging import DEFAULT_PAGE_SIZE
from schema.build import build_schema
from schema.costs import Cost, DeclaredCost, ListSize, connection_size, declared_cost
from schema.fields import field


@strawberry.type
class Row:
    name: str


def resolve(*_: object) -> None:
    return None


@strawberry.type
class Query:
    plain: int
    sized: list[Row] = strawberry.field(directives=[ListSize(assumed_size=3)])
    weighed = field(resolve, int, cost=7)
    both = field(resolve, list[Row], cost=2, list_size=ListSize(assumed_size=4))
    page = field(resolve, Row, list_size=connection_size("first", "last"))


SCHEMA = strawberry.Schema(Query)


def fields() -> Iterator[tuple[str, GraphQLField]]:
    """All fields of the served schema, with their coordinates."""
    for graphql_type in build_schema()._schema.type_map.values():
        if isinstance(graphql_type, (GraphQLObjectType, GraphQLInterfaceType)) and graphql_type.name[:2] != "__":
            yield from ((f"{graphql_type.name}.{name}", each) for name, each in graphql_type.fields.items())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", DeclaredCost(1, 1, ())),
        ("sized", DeclaredCost(1, 3, ())),
        ("weighed", DeclaredCost(7, 1, ())),
        ("both", DeclaredCost(2, 4, ())),
        ("page", DeclaredCost(1, DEFAULT_PAGE_SIZE, ("first", "last"))),
    ],
)
def test_reads_the_declarations_of_a_built_field(name: str, expected: DeclaredCost) -> None:
    query = SCHEMA._schema.query_type
    assert query is not None
    assert declared_cost(query.fields[name]) == expected


def test_a_field_of_introspection_has_the_defaults() -> None:
    introspection = SCHEMA._schema.type_map["__Schema"]
    assert isinstance(introspection, GraphQLObjectType)
    assert declared_cost(introspection.fields["types"]) == DeclaredCost()


def test_declarations_print_as_directives() -> None:
    printed = SCHEMA.as_str()
    assert "  sized: [Row!]! @listSize(assumedSize: 3)\n" in printed
    assert '  weighed: Int! @cost(weight: "7")\n' in printed
    assert '  both: [Row!]! @cost(weight: "2") @listSize(assumedSize: 4)\n' in printed
    assert (
        '  page: Row! @listSize(assumedSize: 25, slicingArguments: ["first", "last"], '
        'sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)\n' in printed
    )


def test_the_weight_prints_as_the_string_that_the_specification_wants() -> None:
    assert Cost(weight="7").weight == "7"
    assert "directive @cost(weight: String!) on FIELD_DEFINITION" in SCHEMA.as_str()


def test_every_field_with_page_arguments_is_sized_by_all_of_them() -> None:
    paged = {path: each for path, each in fields() if {"first", "last"} & set(each.args)}
    assert len(paged) > 15
    for path, each in paged.items():
        expected = tuple(name for name in ("first", "last") if name in each.args)
        assert declared_cost(each) == DeclaredCost(1, DEFAULT_PAGE_SIZE, expected), path


def test_sized_fields_exist_on_the_type_of_every_connection() -> None:
    for path, each in fields():
        if declared_cost(each).slicing_arguments:
            connection = get_named_type(each.type)
            assert isinstance(connection, GraphQLObjectType)
            assert {"edges", "nodes"} <= set(connection.fields), path


def test_only_fields_that_return_objects_have_a_size() -> None:
    for path, each in fields():
        is_sized = declared_cost(each).assumed_size != 1
        assert not is_sized or is_composite_type(get_named_type(each.type)), path


def test_a_type_declares_the_size_that_its_interface_declares() -> None:
    for graphql_type in build_schema()._schema.type_map.values():
        for interface in getattr(graphql_type, "interfaces", ()):
            for name, each in interface.fields.items():
                assert declared_cost(graphql_type.fields[name]) == declared_cost(each), (graphql_type.name, name)  # type: ignore[attr-defined]
