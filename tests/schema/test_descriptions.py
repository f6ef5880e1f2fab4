"""Every element of the schema has a description that a client can use without our files."""

import re
from collections.abc import Iterator
from functools import cache

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    is_specified_directive,
    is_specified_scalar_type,
    value_from_ast_untyped,
)

from tests.exported_schema import exported_schema

Described = tuple[str, str | None]


def own_types() -> list[GraphQLNamedType]:
    """Return the types of our own."""
    named = exported_schema().type_map.items()
    return [each for name, each in named if not name.startswith("__") and not is_specified_scalar_type(each)]


def _members(graphql_type: GraphQLNamedType) -> Iterator[Described]:
    if isinstance(graphql_type, GraphQLEnumType):
        for name, value in graphql_type.values.items():
            yield name, value.description
    elif isinstance(graphql_type, GraphQLInputObjectType):
        for name, member in graphql_type.fields.items():
            yield name, member.description
    elif isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in graphql_type.fields.items():
            yield name, field.description
            for argument, declared in field.args.items():
                yield f"{name}({argument}:)", declared.description


@cache
def elements() -> dict[str, str | None]:
    """Return the description of each element by its name."""
    return dict(_elements())


def _elements() -> Iterator[Described]:
    for graphql_type in own_types():
        yield graphql_type.name, graphql_type.description
        for name, description in _members(graphql_type):
            yield f"{graphql_type.name}.{name}", description
    for directive in exported_schema().directives:
        if not is_specified_directive(directive):
            # Strawberry cannot print descriptions of a directive's arguments: the directive's own explains them.
            yield f"@{directive.name}", directive.description


def test_every_type_field_argument_and_value_has_a_description() -> None:
    assert [name for name, description in elements().items() if not (description or "").strip()] == []


@pytest.mark.parametrize(
    "fault", [r"\w\.(md|py|graphql)\b", r"\bdomain/|\bschema/", r"  +", r"\bself\b", r"[^.!?:)\w]$"]
)
def test_no_description_contains(fault: str) -> None:
    """References to files that a client does not have, and slips of spaces and punctuation."""
    assert {name: text for name, text in elements().items() if text and re.search(fault, text)} == {}


def test_descriptions_begin_like_sentences() -> None:
    """A formula may begin with the name of a field; every other description is a sentence."""
    small = {name: text for name, text in elements().items() if text and re.match(r"[a-z]", text)}
    assert {name for name, text in small.items() if not re.search(r"[÷−]|max\(|^count is", text)} == set()


def test_every_scalar_of_ours_names_its_specification() -> None:
    scalars = [each for each in own_types() if isinstance(each, GraphQLScalarType)]
    assert {each.name for each in scalars} >= {"DateTime", "Date", "Decimal", "JSON"}
    assert [each.name for each in scalars if not (each.specified_by_url or "").startswith("https://")] == []


def test_a_field_that_needs_a_permission_says_so() -> None:
    needed = [
        (f"{graphql_type.name}.{name}", value_from_ast_untyped(argument.value))
        for graphql_type in own_types()
        if isinstance(graphql_type, GraphQLObjectType)
        for name, field in graphql_type.fields.items()
        for directive in (field.ast_node and field.ast_node.directives) or ()
        if directive.name.value == "requiresPermission"
        for argument in directive.arguments or ()
    ]
    assert len(needed) > 30
    silent = {name for name, permission in needed if not (elements()[name] or "").endswith(f"permission {permission}.")}
    assert silent == set()
