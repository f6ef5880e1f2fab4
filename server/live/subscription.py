"""A subscription operation with its variables: the feed that it reads, and what equal subscriptions share."""

import re
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any

import orjson
import strawberry
from graphql import (
    FieldNode,
    GraphQLField,
    VariableNode,
)
from graphql.error import located_error
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values
from msgspec import Struct

from domain.failures import Forbidden
from resolvers.context import Viewer
from resolvers.feeds import EventFeed, StateFeed
from schema.executor import OperationExecutor
from schema.feed_fields import FeedDeclaration, convert_feed_arguments, find_feed
from server.graphql.errors import BAD_USER_INPUT, execution_errors, request_errors
from server.graphql.operation import Operation, build_executor
from server.graphql.operations import OperationRejected

_VARIABLE = re.compile(r"\$\s*(\w+)", re.ASCII)


class Subscription(Struct, frozen=True):
    """A subscription, checked for one viewer.

    `arguments` are the feed's, converted; `condition` is what an EventFeed parsed from them. `after` is the cursor
    argument, and `after_variable` the variable that gives it and nothing else. Subscriptions with equal `sharing_key`
    have the same result for the same change. With `depends_on_viewer`, administrators of equal visibility may get
    different results. `cost` is the most that one result costs.
    """

    feed: EventFeed[Any] | StateFeed[Any]
    arguments: Mapping[str, Any]
    condition: Any
    executor: OperationExecutor
    after: str | None
    after_variable: str | None
    sharing_key: Hashable
    depends_on_viewer: bool
    cost: int


def prepare_subscription(
    schema: strawberry.Schema, operation: Operation, variables: Mapping[str, Any], viewer: Viewer
) -> Subscription:
    """Return the subscription; raise OperationRejected for wrong variables or arguments and missing permissions."""
    executor = _build_executor(schema, operation, variables)
    response_name, node = _root_field(executor, operation)
    root_type: Any = executor.schema.subscription_type
    field = root_type.fields[node.name.value]
    try:
        declaration, arguments = _read_field(schema, field, node, executor, viewer)
        after = arguments.pop("after", None)
        feed = declaration.feed
        condition = feed.parse(**arguments) if isinstance(feed, EventFeed) else None
    except Exception as failure:
        raise OperationRejected(execution_errors([located_error(failure, [node], [response_name])])) from failure
    only_in_field = variables_used_only_in(node, operation.text)
    after_variable = _variable_name(node, "after")
    # The other variables choose events, but do not change what a change's selection set returns.
    owner = viewer.administrator.id if operation.depends_on_viewer else ""
    shared_variables = {name: value for name, value in variables.items() if name not in only_in_field}
    return Subscription(
        feed=feed,
        arguments=arguments,
        condition=condition,
        executor=executor,
        after=after,
        after_variable=after_variable if after_variable in only_in_field else None,
        sharing_key=(owner, operation.text, operation.name, variables_key(shared_variables)),
        depends_on_viewer=operation.depends_on_viewer,
        cost=operation.cost,
    )


def variables_key(variables: Mapping[str, Any]) -> str:
    """Return a text that is equal for equal variables."""
    return orjson.dumps(variables, option=orjson.OPT_SORT_KEYS).decode()


def variables_used_only_in(field: FieldNode, text: str) -> frozenset[str]:
    """Return the variables that the document declares, uses in the field's arguments, and uses nowhere else."""
    counts_in_field: Counter[str] = Counter()
    values: list[Any] = [argument.value for argument in field.arguments or ()]
    while values:
        value = values.pop()
        if isinstance(value, VariableNode):
            counts_in_field[value.name.value] += 1
        values += getattr(value, "values", None) or [inner.value for inner in getattr(value, "fields", None) or ()]
    # A `$name` in a comment or a string is counted too; it only prevents sharing.
    counts_in_text = Counter(_VARIABLE.findall(text))
    return frozenset(name for name, count in counts_in_field.items() if counts_in_text[name] == count + 1)


def _build_executor(schema: strawberry.Schema, operation: Operation, variables: Mapping[str, Any]) -> OperationExecutor:
    executor = build_executor(schema._schema, operation, variables)
    if isinstance(executor, list):
        raise OperationRejected(request_errors(executor, BAD_USER_INPUT))
    return executor


def _root_field(executor: OperationExecutor, operation: Operation) -> tuple[str, FieldNode]:
    """Return the root field with its response name; validation has refused subscriptions with several."""
    root_type: Any = executor.schema.subscription_type
    collected = collect_fields(
        executor.schema, executor.fragments, executor.variable_values, root_type, operation.definition, True
    )
    response_name, details = next(iter(collected.grouped_field_set.items()))
    return response_name, details[0].node


def _read_field(
    schema: strawberry.Schema, field: GraphQLField, node: FieldNode, executor: OperationExecutor, viewer: Viewer
) -> tuple[FeedDeclaration, dict[str, Any]]:
    declaration = find_feed(field)
    values = get_argument_values(field, node, executor.variable_values)
    if declaration.requires is not None and declaration.requires not in viewer.permissions:
        raise Forbidden(declaration.requires)
    return declaration, convert_feed_arguments(schema, field, values)


def _variable_name(field: FieldNode, argument_name: str) -> str | None:
    """Return the variable that is given as the argument, if one is."""
    values = (argument.value for argument in field.arguments or () if argument.name.value == argument_name)
    value = next(values, None)
    return value.name.value if isinstance(value, VariableNode) else None
