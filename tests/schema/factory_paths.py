"""Every field of the queries, with the operation text that leads to it: for tests that walk the whole schema."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_required_argument,
)

from schema.build import build_schema

SCHEMA = build_schema()._schema
# The arguments with which a path passes through a field that requires some.
REQUIRED_ARGUMENTS = {"product": "CALLING"}


class SchemaField(NamedTuple):
    """A field, and the selections that lead from the root to its type; `path` has one `%s`."""

    type_name: str
    name: str
    field: GraphQLField
    path: str

    @property
    def label(self) -> str:
        """The name of the field within the schema."""
        return f"{self.type_name}.{self.name}"

    @property
    def is_connection(self) -> bool:
        """Whether the field returns a connection."""
        return get_named_type(self.field.type).name.endswith("Connection")

    @property
    def required_arguments(self) -> str:
        """The arguments without which the field cannot be selected, each followed by a comma."""
        required = [name for name, argument in self.field.args.items() if is_required_argument(argument)]
        return "".join(f"{name}: {REQUIRED_ARGUMENTS[name]}, " for name in required)

    def has_argument(self, name: str) -> bool:
        """Whether the field takes the argument."""
        return name in self.field.args


def query_fields() -> Iterator[SchemaField]:
    """Yield the fields of every object type that a query reaches without an id."""
    for type_name, path in _paths().items():
        object_type: Any = SCHEMA.type_map[type_name]
        for name, field in object_type.fields.items():
            yield SchemaField(type_name, name, field, path)


def id_places(root: GraphQLObjectType | None) -> set[str]:
    """Return each place below the arguments of the type's fields that takes an id, as a path of names."""
    assert root is not None
    return {place for name, field in root.fields.items() for place in _id_places(name, field.args)}


def _id_places(path: str, arguments: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    for name, argument in arguments.items():
        kind = get_named_type(argument.type)
        if kind.name == "ID":
            yield f"{path}.{name}"
        elif isinstance(kind, GraphQLInputObjectType) and kind.name not in seen:
            yield from _id_places(f"{path}.{name}", kind.fields, seen | {kind.name})


def selection_of(field: GraphQLField) -> str:
    """Return a selection of whatever the field returns: for a list its rows, for a payload its mistakes."""
    returned: Any = get_named_type(field.type)
    if not is_composite_type(returned):
        return ""
    known = {
        "nodes": "nodes { __typename }",
        "pageInfo": "pageInfo { endCursor }",
        "totalCount": "totalCount",
        "facets": "facets { status { count } }",
        "userErrors": "userErrors { code field message }",
    }
    names = getattr(returned, "fields", {})
    return "{ " + " ".join(["__typename", *(text for name, text in known.items() if name in names)]) + " }"


def _paths() -> Mapping[str, str]:
    """Return the shortest path to each object type, through fields that need no id."""
    paths = {"Query": "%s"}
    waiting = ["Query"]
    while waiting:
        type_name = waiting.pop(0)
        object_type: Any = SCHEMA.type_map[type_name]
        for name, field in object_type.fields.items():
            returned: Any = get_named_type(field.type)
            step = _step(name, field)
            if isinstance(returned, GraphQLObjectType) and returned.name not in paths and step is not None:
                paths[returned.name] = paths[type_name].replace("%s", f"{step} {{ %s }}")
                waiting.append(returned.name)
    return paths


def _step(name: str, field: GraphQLField) -> str | None:
    """Return the field with its required arguments; None where they are not known."""
    required = [key for key, argument in field.args.items() if is_required_argument(argument)]
    given = {key: REQUIRED_ARGUMENTS.get(key) for key in required}
    if None in given.values():
        return None
    arguments = [f"{key}: {value}" for key, value in given.items()]
    return f"{name}({', '.join(arguments)})" if arguments else name
