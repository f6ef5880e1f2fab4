"""What a field may declare so that the compiled executor resolves it faster; graphql-core's executor ignores it.

A field declares a `FieldExecution` as an entry of Strawberry's `metadata` or of `GraphQLField.extensions`:

    @strawberry.type
    class Customer:
        name: str = strawberry.field(metadata={EXECUTION: FieldExecution(stored=StoredValue("name"))})
        tags: list[Tag] = strawberry.field(resolver=tags, metadata={EXECUTION: FieldExecution(batch=read_tags)})

Every declaration is optional, and must mean the same as the field's own resolver: it is a faster way to equal results.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import GraphQLField, GraphQLResolveInfo
from strawberry.schema.schema_converter import GraphQLCoreConverter

# The key of the declaration in `metadata` or `extensions`.
EXECUTION = "execution"

Results = Sequence[Any]
# `function(context, parents, **arguments)`: one result for each parent, in their order. An exception in the place of a
# result, or raised, is the error of that field at the parent, or at all of them.
BatchFunction = Callable[..., Results | Awaitable[Results]]
# `function(context, parent, **arguments)`: the value of one parent, or an awaitable of it.
EachFunction = Callable[..., Any]
# `function(context)`: raises where the viewer may not read the field.
Guard = Callable[[Any], None]
# `function(arguments, info)`: the arguments for the functions above, from those that a resolver would get. `info` is
# that of the field at its first parent.
ConvertArguments = Callable[[dict[str, Any], GraphQLResolveInfo[Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class StoredValue:
    """The value of a field is one of a mapping that its parent has as the attribute `attribute`.

    `form` turns the stored value into the serialized one; None where they are the same. It gets no None, and its result
    is written as it is. A key that may be absent is `optional`; the value is then null.
    """

    key: str
    form: Callable[[Any], Any] | None = None
    optional: bool = False
    attribute: str = "document"


@dataclass(frozen=True, slots=True)
class EmbeddedObjects:
    """The value of a field is a list of objects that are stored within its parent: mappings under `key` of its mapping.

    `wrap` makes the object of a mapping; the object has the mapping as its attribute `attribute`. `order` sorts the
    mappings. Where only stored and computed values are selected of the objects, their rows are built with the parent's.
    """

    key: str
    wrap: Callable[[Any], Any]
    order: Callable[[Any], Any] | None = None
    attribute: str = "document"


@dataclass(frozen=True, slots=True)
class KeptRows:
    """How the objects of a type, which live longer than one operation and never change, keep their latest row.

    An object has it as the attribute `attribute`: `()` at first, or None where it keeps none. `moment(context)` is the
    moment of an operation, and `changes_at(object, moment)` the next one at which a value of a `timed` field changes.
    """

    attribute: str
    moment: Callable[[Any], Any]
    changes_at: Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class FieldExecution:
    """How the compiled executor resolves a field.

    stored: where the value is stored; for fields of scalars, enum values and lists of them.
    embedded: where the objects of the list are stored; beside `each`, `batch` or a resolver, which return the same.
    batch: called once for all parents of a level, instead of the resolver.
    each: called for each parent instead of the resolver, without `info`.
    guard: called once for all parents of a level, before anything else. Where it raises, each has the error.
    arguments: converts the arguments of `batch` and `each`. It depends on nothing but its own arguments and the
        document, so its result may be kept.
    compiled_arguments: does the same as Strawberry's conversion and `arguments` together, from the arguments as
        graphql-core coerces them.
    reads: the keys that the field needs of its parent's mapping; None for all of them. `stored` reads its key.
    same_read: the objects of the field were read together with the parent (the nodes of a page): what is selected of
        them belongs to the projection of the field that read it.
    takes_projection: `batch` or `each` gets the keyword `projection`: the keys that are needed of the objects that it
        returns, as a frozenset; None for all. graphql-core's executor never passes it.
    is_synchronous: `each` never returns an awaitable. The code of the rows calls it where it returns a scalar or an
        enum value and has no arguments.
    is_timed: of one object, the value of `each` depends on the moment only (KeptRows).
    """

    stored: StoredValue | None = None
    embedded: EmbeddedObjects | None = None
    batch: BatchFunction | None = None
    each: EachFunction | None = None
    guard: Guard | None = None
    arguments: ConvertArguments | None = None
    compiled_arguments: ConvertArguments | None = None
    reads: frozenset[str] | None = None
    same_read: bool = False
    takes_projection: bool = False
    is_synchronous: bool = False
    is_timed: bool = False


# The key in the extensions of an object type of `function(objects) -> bool`: whether `is_type_of` is True for them all.
ARE_ALL_OF_TYPE = "are_all_of_type"
# The key in the extensions of an object type of its KeptRows.
KEPT_ROWS = "kept_rows"
_NOTHING_DECLARED = FieldExecution()


def strawberry_field(field: GraphQLField) -> Any:
    """Return the Strawberry field from which a field was made; None where it was made otherwise."""
    return field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)


def field_execution(field: GraphQLField) -> FieldExecution:
    """Return what the field declares."""
    declared = field.extensions.get(EXECUTION)
    if declared is None:
        definition = strawberry_field(field)
        declared = None if definition is None else (definition.metadata or {}).get(EXECUTION)
    return _NOTHING_DECLARED if declared is None else declared


def enum_name(enum: type[Enum]) -> Callable[[Any], Any]:
    """Return the form of an enum value that is stored as its Python value: its name."""
    return {member.value: member.name for member in enum}.__getitem__


def each_item(form: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """Return the form of a list whose items have the form."""

    def convert(values: Sequence[Any]) -> list[Any]:
        return [form(value) for value in values]

    return convert
