"""How a field of the API is declared: its resolver, its type, its arguments and the permission it asks for."""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from inspect import Parameter, Signature
from typing import Annotated, Any

import strawberry
from strawberry.schema_directive import Location

from domain.failures import Forbidden
from schema.enums import Permission


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], description="The permission that the viewer's role must have."
)
class Requires:
    """Prints a field's permission into schema.graphql, which so becomes the access list."""

    permission: Permission


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a field: its GraphQL type, its default where the contract gives one, and a description."""

    graphql_type: Any
    default: Any = strawberry.UNSET
    description: str | None = None

    def parameter(self, name: str) -> Parameter:
        """The argument as a parameter of the function that Strawberry inspects."""
        annotation = self.graphql_type
        if self.description is not None:
            described = strawberry.argument(description=self.description)
            annotation = Annotated.__class_getitem__((annotation, described))
        return Parameter(name, Parameter.KEYWORD_ONLY, default=self.default, annotation=annotation)


def resolved(
    resolver: Callable[..., Any],
    graphql_type: Any,
    description: str | None = None,
    *,
    requires: Permission | None = None,
    **arguments: Argument,
) -> Any:
    """A field that `resolver(context, parent, **arguments)` answers; input objects reach it as plain mappings.

    The function given to Strawberry is a plain one even where the resolver is a coroutine: an `async def`
    in between would cost as much as the whole field.
    """

    def resolve(root: Any, info: strawberry.Info, **given: Any) -> Any:
        context = info.context
        if requires is not None and requires not in context.viewer.permissions:
            raise Forbidden(requires)
        return resolver(context, root, **{name: plain(value) for name, value in given.items()})

    positional = Parameter.POSITIONAL_OR_KEYWORD
    parameters = [Parameter("root", positional, annotation=Any), Parameter("info", positional, annotation=strawberry.Info)]
    parameters += [argument.parameter(name) for name, argument in arguments.items()]
    resolve.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    directives = () if requires is None else (Requires(permission=requires),)
    return strawberry.field(
        resolver=resolve, graphql_type=graphql_type, description=description, directives=directives
    )


def plain(value: Any) -> Any:
    """An input object as a mapping of what was given; anything else as it is, an absent value as None."""
    if value is strawberry.UNSET:
        return None
    if isinstance(value, list):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        given = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {name: plain(held) for name, held in given if held is not strawberry.UNSET}
    return value
