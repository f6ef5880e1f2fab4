"""How a field of the API is declared: its resolver, its type, its arguments and the permission it asks for."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, is_dataclass
from inspect import Parameter, Signature
from typing import Annotated, Any

import strawberry
from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode
from strawberry.schema_directive import Location

from domain.failures import Forbidden
from schema.costs import DEFAULT_COST, Cost, ListSize
from schema.enums import Permission
from store.changes.mutations import MutationRequest


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], description="The permission that the viewer's role must have."
)
class RequiresPermission:
    """Prints a field's permission into schema.graphql, which so becomes the access list."""

    permission: Permission


@dataclass(frozen=True, slots=True)
class Argument:
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
    cost: int = DEFAULT_COST,
    list_size: ListSize | None = None,
    **arguments: Argument,
) -> Any:
    """A field that `resolver(context, parent, **arguments)` answers; input objects reach it as plain mappings.

    `selection_flags` adds arguments that are True where one of the named fields is selected below this one.
    The function given to Strawberry is a plain one even where the resolver is a coroutine: an `async def`
    in between would cost as much as the whole field.
    """
    told = tuple((selection_flags or {}).items())

    def resolve(root: Any, info: strawberry.Info, **given: Any) -> Any:
        context = info.context
        if requires is not None and requires not in context.viewer.permissions:
            raise Forbidden(requires)
        handed = {name: to_plain(value) for name, value in given.items()}
        for name, selected in told:
            handed[name] = _is_selected(info, selected)
        return resolver(context, root, **handed)

    resolve.__signature__ = signature(arguments)  # type: ignore[attr-defined]
    directives = field_directives(requires, cost, list_size)
    return strawberry.field(resolver=resolve, graphql_type=graphql_type, description=description, directives=directives)


def mutation(
    resolver: Callable[..., Any],
    payload: Any,
    input_type: Any,
    description: str | None = None,
    *,
    requires: Permission | None = None,
) -> Any:
    """A mutation: `resolver(context, asked)` answers its payload, `asked` holding the one argument `input`."""

    def resolve(root: Any, info: strawberry.Info, **given: Any) -> Any:
        if requires is not None and requires not in info.context.viewer.permissions:
            raise Forbidden(requires)
        return resolver(info.context, MutationRequest(info.field_name, to_plain(given["input"]), requires))

    resolve.__signature__ = signature({"input": Argument(input_type)})  # type: ignore[attr-defined]
    directives = field_directives(requires)
    return strawberry.mutation(resolver=resolve, graphql_type=payload, description=description, directives=directives)


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


def to_plain(value: Any) -> Any:
    """An input object as a mapping of what was given; anything else as it is, an absent value as None."""
    if value is strawberry.UNSET:
        return None
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        given = ((member.name, getattr(value, member.name)) for member in fields(value))
        return {name: to_plain(held) for name, held in given if held is not strawberry.UNSET}
    return value


def _is_selected(info: strawberry.Info, names: AbstractSet[str]) -> bool:
    """Whether one of the names is selected directly below the field, through whatever fragments."""
    raw = info._raw_info
    waiting: list[Any] = [node.selection_set for node in raw.field_nodes]
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
                waiting.append(raw.fragments[selection.name.value].selection_set)
    return False
