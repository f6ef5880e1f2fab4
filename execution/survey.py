"""Whether an operation can be compiled, and the variables on which its fields depend."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FragmentDefinitionNode,
    GraphQLIncludeDirective,
    GraphQLSkipDirective,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

_CONDITIONS = {GraphQLIncludeDirective.name, GraphQLSkipDirective.name}
# Why an operation is left to graphql-core's executor: the values of a metric's label.
DIRECTIVE, CONDITION, FRAGMENT_VARIABLES = "directive", "condition", "fragment_variables"
MIDDLEWARE, ABORT_SIGNAL, HOOKS, ROOT_TYPE, DEPTH = "middleware", "abort_signal", "hooks", "root_type", "depth"
SWITCHED_OFF = "switched_off"
REASONS = (
    DIRECTIVE,
    CONDITION,
    FRAGMENT_VARIABLES,
    MIDDLEWARE,
    ABORT_SIGNAL,
    HOOKS,
    ROOT_TYPE,
    DEPTH,
    SWITCHED_OFF,
)


class Survey(NamedTuple):
    """`reason` says why an operation is not compiled; `conditions` are the variables of @include and @skip."""

    reason: str | None
    conditions: Sequence[str] = ()


def survey(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Survey:
    """Look at an operation and at all fragments of its document."""
    if operation.directives:
        return Survey(DIRECTIVE)
    if any(fragment.variable_definitions for fragment in fragments.values()):
        return Survey(FRAGMENT_VARIABLES)
    names: dict[str, None] = {}
    selection_sets = [operation.selection_set, *(fragment.selection_set for fragment in fragments.values())]
    for directive in _directives(selection_sets):
        if directive.name.value not in _CONDITIONS:
            return Survey(DIRECTIVE)
        arguments = directive.arguments or ()
        value = arguments[0].value if len(arguments) == 1 else None
        if isinstance(value, VariableNode):
            names[value.name.value] = None
        elif not isinstance(value, BooleanValueNode):
            return Survey(CONDITION)
    return Survey(None, tuple(names))


def _directives(selection_sets: list[SelectionSetNode]) -> Iterator[DirectiveNode]:
    waiting = list(selection_sets)
    while waiting:
        for selection in waiting.pop().selections:
            yield from selection.directives or ()
            inner = getattr(selection, "selection_set", None)
            if inner is not None:
                waiting.append(inner)
