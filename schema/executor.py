"""The executor of operations: graphql-core's, without the circle of references that would keep each until collected."""

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

from graphql import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class OperationExecutor(StrawberryGraphQLCoreExecutionContext):
    """Goes with its answer.

    graphql-core gives resolvers two methods of the executor, and keeps them in the executor itself. With each operation
    everything that it has read would so wait for Python's collector, which then holds all others up.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.async_helpers = GraphQLResolveInfoHelpers(*map(_weak_method, self.async_helpers))


def _weak_method(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The method, for as long as its object lives: whoever may call it is run by that object."""
    reference = WeakMethod(method)

    def call(values: Any) -> Any:
        living = reference()
        if living is None:
            raise ReferenceError("The operation has ended.")
        return living(values)

    return call
