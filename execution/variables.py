"""The values of an operation's variables, whose types are looked up once instead of for each request."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    coerce_input_value,
    is_non_null_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, input_is_nested_too_deeply

_CONTAINERS = {dict, list}
Signatures = tuple[GraphQLVariableSignature, ...]


def read_signatures(schema: GraphQLSchema, definition: OperationDefinitionNode) -> Signatures | None:
    """Return the names, types and defaults of an operation's variables; None where a type is none of an input."""
    found = [get_variable_signature(schema, each) for each in definition.variable_definitions or ()]
    signatures = tuple(each for each in found if not isinstance(each, GraphQLError))
    return signatures if len(signatures) == len(found) else None


def coerce_variables(signatures: Signatures, inputs: Mapping[str, Any]) -> VariableValues | None:
    """Return the values of the variables as graphql-core coerces them.

    None where one is wrong or has its default: `get_variable_values` of graphql-core knows what is the matter.
    """
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for signature in signatures:
        value = inputs.get(signature.name, Undefined)
        sources[signature.name] = VariableValueSource(signature, value)
        if value is Undefined:
            if signature.default is not None or is_non_null_type(signature.type):
                return None
            continue
        if type(value) in _CONTAINERS and input_is_nested_too_deeply(value, signature.type):
            return None
        coerced[signature.name] = coerce_input_value(value, signature.type)
        if coerced[signature.name] is Undefined:
            return None
    return VariableValues(sources, coerced)
