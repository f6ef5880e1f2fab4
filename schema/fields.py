"""How a field of the API is declared: its resolver, its type, its arguments and the permission it asks for.

The function that Strawberry gets is a plain one even where the resolver is a coroutine: an `async def` in between would
cost as much as the whole field.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date, datetime
from enum import EnumType
from functools import partial
from inspect import Parameter, Signature
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import strawberry
from graphql import FieldNode, FragmentSpreadNode, GraphQLField, GraphQLResolveInfo, InlineFragmentNode
from msgspec import Struct
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema_directive import Location

from domain.failures import Forbidden
from execution.metadata import EXECUTION, EmbeddedObjects, FieldExecution, strawberry_field
from resolvers.context import Context
from schema.costs import DEFAULT_COST, MUTATION_COST, RELATION_COST, RESOLVER_COST, Cost, ListSize
from schema.enums import Permission
from schema.input_conversion import build_input, check_input_type, plain_converter, to_plain_arguments
from store.changes.mutations import MutationRequest
from store.database.stored_fields import EmbeddedField, Field, keys_of

Input = TypeVar("Input")
_DEPENDS_ON_VIEWER = "depends_on_viewer"
_WRAPPERS = (list, Union, UnionType)
_SCALARS = (str, int, float, bool, date, datetime, strawberry.ID, NoneType)
# The metadata of a field without a resolver that shows what was read together with its parent: the rows of a page.
SAME_READ: Mapping[Any, Any] = {EXECUTION: FieldExecution(same_read=True)}
# That of a field of a connection that needs no keys of its rows beyond those that the page is sorted by.
NO_KEYS: Mapping[Any, Any] = {EXECUTION: FieldExecution(reads=frozenset())}
_CURSOR_ARGUMENTS = ("after", "before")
_INPUT_TEXT = "The values; their type says what each means and which limits it has."


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], description="The permission that the viewer's role must have."
)
class RequiresPermission:
    """Prints a field's permission into schema.graphql, which so becomes the access list."""

    permission: Permission


class Argument(Struct, frozen=True):
    """An argument of a field: its GraphQL type, its default where the contract gives one, and a description."""

    graphql_type: Any
    default: Any = strawberry.UNSET
    description: str | None = None

    def to_parameter(self, name: str) -> Parameter:
        """The argument as a parameter of the function that Strawberry inspects."""
        annotation = self.graphql_type
        if self.description is not None:
            annotated: Any = Annotated
            annotation = annotated[annotation, strawberry.argument(description=self.description)]
        return Parameter(name, Parameter.KEYWORD_ONLY, default=self.default, annotation=annotation)


def field(
    resolver: Callable[..., Any],
    graphql_type: Any,
    description: str | None = None,
    *,
    requires: Permission | None = None,
    selection_flags: Mapping[str, AbstractSet[str]] | None = None,
    cost: int | None = None,
    list_size: ListSize | None = None,
    depends_on_viewer: bool = False,
    batch: bool = False,
    embedded: EmbeddedField[Any] | None = None,
    reads: Iterable[Field[Any]] | None = None,
    same_read: bool = False,
    is_timed: bool = False,
    **arguments: Argument,
) -> Any:
    """A field that `resolver(context, parent, **arguments)` answers; input objects reach it as plain mappings.

    With `batch` it gets all parents, and returns the results in their order: any field that needs the database below a
    list is one. `reads` are the stored fields that it needs of its parent, by default all; instead, `embedded` is the
    field whose documents the resolver returns. A resolver with the argument `projection` is told which stored keys are
    needed of its documents. `same_read`: it returns what was read with its parent. `selection_flags` adds arguments
    that are True where one of the named fields is selected below this one, or where a cursor is given. `is_timed`: it
    depends on its parent and the moment only (`shows`). `depends_on_viewer`: feeds share no values between viewers.
    """
    execution = _field_execution(resolver, requires, selection_flags or ({} if arguments else None), batch, reads)
    execution = replace(execution, same_read=same_read, is_timed=is_timed, **_embedded_execution(embedded))
    return strawberry.field(
        resolver=_stock_resolver(resolver, execution, arguments, is_batch=batch),
        graphql_type=graphql_type,
        description=describe_field(description, requires),
        directives=field_directives(requires, cost or _default_cost(graphql_type), list_size),
        metadata={_DEPENDS_ON_VIEWER: depends_on_viewer, EXECUTION: execution},
    )


def _field_execution(
    resolver: Callable[..., Any],
    requires: Permission | None,
    selection_flags: Mapping[str, AbstractSet[str]] | None,
    is_batch: bool,
    reads: Iterable[Field[Any]] | None,
) -> FieldExecution:
    """Return what the compiled executor must know of a field; without `selection_flags` it has no arguments."""
    return FieldExecution(
        batch=resolver if is_batch else None,
        each=None if is_batch else resolver,
        guard=None if requires is None else partial(_check_permission, requires),
        arguments=None if selection_flags is None else partial(_convert_arguments, tuple(selection_flags.items())),
        compiled_arguments=None if selection_flags is None else _CompiledArguments(tuple(selection_flags.items())),
        reads=None if reads is None else keys_of(reads),
        takes_projection="projection" in inspect.signature(resolver).parameters,
        is_synchronous=not is_batch and not inspect.iscoroutinefunction(resolver),
    )


def _embedded_execution(embedded: EmbeddedField[Any] | None) -> Mapping[str, Any]:
    """Return what the compiled executor must know of a field that shows embedded documents."""
    if embedded is None:
        return {}
    objects = EmbeddedObjects(embedded.key, embedded.document_class, embedded.order)
    return {"embedded": objects, "reads": keys_of([embedded])}


def _stock_resolver(
    resolver: Callable[..., Any], execution: FieldExecution, arguments: Mapping[str, Argument], *, is_batch: bool
) -> Callable[..., Any]:
    """Return the function that Strawberry calls where graphql-core executes the operation."""
    convert, guard = execution.arguments, execution.guard

    def resolve(root: Any, info: strawberry.Info, **given: Any) -> Any:
        context = info.context
        if guard is not None:
            guard(context)
        converted = convert(given, info._raw_info) if convert is not None else given
        if is_batch:
            return context.batched_fields.load(context, resolver, converted, root)
        return resolver(context, root, **converted)

    resolve.__signature__ = signature(arguments)  # type: ignore[attr-defined]
    return resolve


def _check_permission(requires: Permission, context: Context) -> None:
    if requires not in context.viewer.permissions:
        raise Forbidden(requires)


def _default_cost(graphql_type: Any) -> int:
    """Return the cost of a resolver that returns the type."""
    return RESOLVER_COST if _is_leaf(graphql_type) else RELATION_COST


def _is_leaf(graphql_type: Any) -> bool:
    """Return whether a type has no fields: a scalar, an enumeration, or a list of them."""
    if get_origin(graphql_type) in _WRAPPERS:
        return all(_is_leaf(inner) for inner in get_args(graphql_type))
    return isinstance(graphql_type, EnumType) or graphql_type in _SCALARS


def _convert_arguments(
    flags: Sequence[tuple[str, AbstractSet[str]]], given: Mapping[str, Any], info: GraphQLResolveInfo[Any]
) -> dict[str, Any]:
    """Return the arguments as the resolver takes them, with its selection flags."""
    return _add_flags(to_plain_arguments(given), flags, info)


def _add_flags(
    converted: dict[str, Any], flags: Sequence[tuple[str, AbstractSet[str]]], info: GraphQLResolveInfo[Any]
) -> dict[str, Any]:
    has_cursor = any(converted.get(name) is not None for name in _CURSOR_ARGUMENTS)
    for name, selected in flags:
        converted[name] = has_cursor or _is_selected(info, selected)
    return converted


class _CompiledArguments:
    """What `_convert_arguments` does, for arguments as graphql-core coerces them."""

    def __init__(self, flags: Sequence[tuple[str, AbstractSet[str]]]) -> None:
        self._flags = flags
        self._convert: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None

    def __call__(self, coerced: Mapping[str, Any], info: GraphQLResolveInfo[Any]) -> dict[str, Any]:
        if self._convert is None:
            definition = strawberry_field(info.parent_type.fields[info.field_name])
            self._convert = plain_converter(definition.arguments, info.schema._strawberry_schema)  # type: ignore[attr-defined]
        return _add_flags(self._convert(coerced), self._flags, info)


def is_viewer_dependent(field: GraphQLField) -> bool:
    """Return whether the field is declared with `depends_on_viewer`."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return definition is not None and bool(definition.metadata.get(_DEPENDS_ON_VIEWER))


def mutation(
    resolver: Callable[[Context, MutationRequest[Input]], Any],
    payload: Any,
    input_type: type,
    operation_input: type[Input],
    description: str | None = None,
    *,
    requires: Permission | None = None,
    needs_terms: bool = True,
    cost: int = MUTATION_COST,
) -> Any:
    """Declare a mutation that `resolver(context, request)` answers with the parent of the payload's fields.

    The types are named after the mutation: `createTag(input: CreateTagInput!): CreateTagPayload`.
    The argument `input` of the GraphQL type `input_type` reaches the resolver as the struct `operation_input`.
    The resolver's name is the name of the operation.
    """
    check_input_type(input_type, operation_input)
    operation = resolver.__name__

    def resolve(root: Any, info: strawberry.Info, **arguments: Any) -> Any:
        if requires is not None:
            _check_permission(requires, info.context)
        key, given = _idempotency_key(arguments["input"]), build_input(arguments["input"], operation_input)
        request = MutationRequest(operation, given, key, requires, needs_terms)
        return resolver(info.context, request)

    resolve.__signature__ = signature({"input": Argument(input_type, strawberry.UNSET, _INPUT_TEXT)})  # type: ignore[attr-defined]
    # Nullable: where one mutation of an operation fails, the answers of the others stay.
    return strawberry.mutation(
        resolver=resolve,
        graphql_type=payload | None,
        description=describe_field(description, requires),
        directives=field_directives(requires, cost),
    )


def _idempotency_key(given: Any) -> str | None:
    return None if given.idempotency_key is strawberry.UNSET else given.idempotency_key


def describe_field(description: str | None, requires: Permission | None) -> str | None:
    """Return the description with the permission that the field needs as its last sentence."""
    if description is None or requires is None:
        return description
    return f"{description} Needs the permission {requires}."


def field_directives(
    requires: Permission | None, cost: int = DEFAULT_COST, list_size: ListSize | None = None
) -> Sequence[object]:
    """Return the directives that print a field's declarations into schema.graphql."""
    return [
        *([] if requires is None else [RequiresPermission(permission=requires)]),
        *([] if cost == DEFAULT_COST else [Cost(weight=str(cost))]),
        *([] if list_size is None else [list_size]),
    ]


def signature(arguments: Mapping[str, Argument]) -> Signature:
    """Return the signature from which Strawberry reads a field's arguments."""
    positional = Parameter.POSITIONAL_OR_KEYWORD
    root = Parameter("root", positional, annotation=Any)
    info = Parameter("info", positional, annotation=strawberry.Info)
    return Signature([root, info, *(argument.to_parameter(name) for name, argument in arguments.items())])


def _is_selected(info: GraphQLResolveInfo[Any], names: AbstractSet[str]) -> bool:
    """Whether one of the names is selected directly below the field, through whatever fragments."""
    waiting: list[Any] = [node.selection_set for node in info.field_nodes]
    seen: set[str] = set()
    while waiting:
        selections = waiting.pop()
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                if selection.name.value in names:
                    return True
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                waiting.append(info.fragments[selection.name.value].selection_set)
    return False
