"""The lengths of the lists of introspection, counted in the schema."""

from collections.abc import Iterable, Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_abstract_type,
)

# Half of the types in a signature are wrapped: those of `[Tag!]!` three times, a nullable `String` never.
_WRAPPED_TYPES = 0.5


def introspection_sizes(schema: GraphQLSchema) -> Mapping[tuple[str, str], float]:
    """Return the average length of each list, by the names of its type and field.

    An operation that reads the lists of all types therefore costs what it reads.
    """
    types = list(schema.type_map.values())
    composites = [each for each in types if isinstance(each, (GraphQLObjectType, GraphQLInterfaceType))]
    fields = [field for each in composites for field in each.fields.values()]

    def per_type(counts: Iterable[int]) -> float:
        return sum(counts) / len(types)

    return {
        ("__Schema", "types"): len(types),
        ("__Schema", "directives"): len(schema.directives),
        ("__Type", "fields"): len(fields) / len(types),
        ("__Type", "inputFields"): per_type(len(t.fields) for t in types if isinstance(t, GraphQLInputObjectType)),
        ("__Type", "interfaces"): per_type(len(each.interfaces) for each in composites),
        ("__Type", "possibleTypes"): per_type(len(schema.get_possible_types(t)) for t in types if is_abstract_type(t)),
        ("__Type", "enumValues"): per_type(len(each.values) for each in types if isinstance(each, GraphQLEnumType)),
        ("__Type", "ofType"): _WRAPPED_TYPES,
        ("__Field", "args"): sum(len(field.args) for field in fields) / len(fields),
        ("__Directive", "args"): sum(len(each.args) for each in schema.directives) / len(schema.directives),
    }
