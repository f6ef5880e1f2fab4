"""Builds the schema, and prints it as schema.graphql."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from inspect import getdoc
from typing import Any

import strawberry
from graphql import GraphQLEnumType, GraphQLError, GraphQLInputObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema.costs import store_field_weights
from schema.entitlements import CustomerSubscription, Trial
from schema.executor import OperationExecutor
from schema.feeds import Subscription
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.stored_values import declare_stored_values
from schema.tags import Tag

_MAX_ENUM_LENGTH = 200


@lru_cache(maxsize=1)
def build_schema() -> strawberry.Schema:
    """Return the schema of the process. It is immutable and built once."""
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[CustomerSubscription, Trial, Tag],
        execution_context_class=OperationExecutor,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    _declare_one_of_inputs(schema._schema)
    _describe_types(schema._schema)
    _limit_enum_texts(schema._schema)
    _look_up_enum_names(schema._schema)
    store_field_weights(schema._schema)
    declare_stored_values(schema._schema)
    return schema


def _declare_one_of_inputs(schema: GraphQLSchema) -> None:
    """Declare the @oneOf inputs to graphql-core, which then validates their literals and variables.

    Strawberry only converts them with a function that raises on a wrong number of keys. In a literal, that happens
    during execution, where it is an internal error.
    """
    for input_type in schema.type_map.values():
        if isinstance(input_type, GraphQLInputObjectType):
            input_type.is_one_of = input_type.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].is_one_of


def _limit_enum_texts(schema: GraphQLSchema) -> None:
    """Refuse long texts as enum values at once; graphql-core compares a wrong value with each name, and shows it."""
    for enum_type in schema.type_map.values():
        if isinstance(enum_type, GraphQLEnumType):
            coerce = partial(_coerce_enum, enum_type.name, enum_type.coerce_input_value)
            enum_type.coerce_input_value = coerce  # type: ignore[method-assign]


def _coerce_enum(name: str, coerce: Callable[..., Any], value: Any, *options: Any) -> Any:
    if isinstance(value, str) and len(value) > _MAX_ENUM_LENGTH:
        raise GraphQLError(f"Enum '{name}' has no value with {len(value):,} characters.")
    return coerce(value, *options)


def _look_up_enum_names(schema: GraphQLSchema) -> None:
    """Find the name of an enum value at once; Strawberry compares a value with each one of its enumeration."""
    for enum_type in schema.type_map.values():
        if isinstance(enum_type, GraphQLEnumType):
            names = {each.value: name for name, each in enum_type.values.items()}
            name_of = partial(_enum_name, names, enum_type.coerce_output_value)
            enum_type.coerce_output_value = name_of  # type: ignore[method-assign]


def _enum_name(names: Mapping[Any, str], coerce: Callable[[Any], str], value: Any) -> str:
    return names.get(value) or coerce(value)


def _describe_types(schema: GraphQLSchema) -> None:
    """Give each type without a description the docstring of its class, so that a type is described once."""
    for graphql_type in schema.type_map.values():
        definition: Any = graphql_type.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if graphql_type.description is None and hasattr(definition, "origin"):
            # A line of a docstring is no line of the description; an empty line begins a new paragraph.
            paragraphs = (getdoc(definition.origin) or "").split("\n\n")
            graphql_type.description = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def print_sdl() -> str:
    """Return the schema in the schema definition language, the content of schema.graphql."""
    return build_schema().as_str() + "\n"
