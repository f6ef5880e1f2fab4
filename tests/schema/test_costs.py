"""Costs and list sizes are declared on the fields of the schema, and print as directives."""

from collections.abc import Iterator

import pytest
import strawberry
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from domain.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from schema.build import build_schema
from schema.costs import (
    DEFAULT_COST,
    RELATION_COST,
    RESOLVER_COST,
    ROWS,
    Cost,
    DeclaredCost,
    connection_size,
    declared_cost,
    list_size,
)
from schema.fields import field


@strawberry.type
class Row:
    name: str


def resolve(*_: object) -> None:
    return None


@strawberry.type
class Query:
    plain: int
    computed = field(resolve, list[str] | None)
    loaded = field(resolve, Row | None)
    sized: list[Row] = strawberry.field(directives=[list_size(3)])
    usual: list[Row] = strawberry.field(directives=[list_size(50, typical=2)])
    sliced: list[Row] = strawberry.field(directives=[list_size(52, argument="weeks")])
    weighed = field(resolve, int, cost=7)
    both = field(resolve, list[Row], cost=2, list_size=list_size(4))
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
        ("plain", DeclaredCost(DEFAULT_COST)),
        ("computed", DeclaredCost(RESOLVER_COST)),
        ("loaded", DeclaredCost(RELATION_COST)),
        ("sized", DeclaredCost(1, 3, 3, is_list=True)),
        ("usual", DeclaredCost(1, 2, 50, is_list=True)),
        ("sliced", DeclaredCost(1, 52, 52, ("weeks",), is_list=True)),
        ("weighed", DeclaredCost(7)),
        ("both", DeclaredCost(2, 4, 4, is_list=True)),
        ("page", DeclaredCost(10, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, ("first", "last"), is_list=True)),
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
    assert "  usual: [Row!]! @listSize(assumedSize: 50, typicalSize: 2)\n" in printed
    assert '  both: [Row!]! @cost(weight: "2") @listSize(assumedSize: 4)\n' in printed
    assert (
        '  page: Row! @cost(weight: "10") @listSize(assumedSize: 25, slicingArguments: ["first", "last"], '
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
        declared = declared_cost(each)
        assert (declared.assumed_size, declared.maximum_size) == (DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE), path
        assert declared.slicing_arguments == expected, path


def test_sized_fields_exist_on_the_type_of_every_connection() -> None:
    for path, each in fields():
        if "first" in declared_cost(each).slicing_arguments:
            connection = get_named_type(each.type)
            assert isinstance(connection, GraphQLObjectType)
            assert {"edges", "nodes"} <= set(connection.fields), path


def test_every_list_declares_its_maximum_or_the_argument_that_limits_it() -> None:
    for path, each in fields():
        declared, type_name = declared_cost(each), path.split(".")[0]
        if path.split(".")[1] in {"edges", "nodes"} and type_name.endswith("Connection"):
            # Sized by the field that returns the connection.
            assert ROWS in each.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].directives, path
        elif is_list_type(get_nullable_type(each.type)):
            assert declared.is_list, path
            assert 1 <= declared.assumed_size <= declared.maximum_size, path


def test_a_list_in_the_answer_to_a_mutation_is_weighed_with_its_maximum() -> None:
    mutations = build_schema()._schema.mutation_type
    assert mutations is not None
    payloads = {get_named_type(each.type).name for each in mutations.fields.values()}
    lists = {path: each for path, each in fields() if path.split(".")[0] in payloads and declared_cost(each).is_list}
    assert "AssignAdministratorPayload.customers" in lists
    for path, each in lists.items():
        declared = declared_cost(each)
        # Where there are mistakes, nothing is committed.
        assert declared.assumed_size == declared.maximum_size or path.endswith(".userErrors"), path


def test_a_slicing_argument_exists() -> None:
    for path, each in fields():
        assert set(declared_cost(each).slicing_arguments) <= set(each.args), path


def test_a_type_declares_the_size_that_its_interface_declares() -> None:
    for graphql_type in build_schema()._schema.type_map.values():
        for interface in getattr(graphql_type, "interfaces", ()):
            for name, each in interface.fields.items():
                assert declared_cost(graphql_type.fields[name]) == declared_cost(each), (graphql_type.name, name)  # type: ignore[attr-defined]
