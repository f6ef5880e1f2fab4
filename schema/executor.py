"""graphql-core's executor without the reference cycle that would keep each operation until a garbage collection."""

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

from graphql import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class OperationExecutor(StrawberryGraphQLCoreExecutionContext):
    """The executor of one operation. It is freed when the operation ends.

    graphql-core stores two bound methods of the executor in the executor. With that cycle, everything that an
    operation has read waits for Python's garbage collector, whose pauses delay all other operations.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.async_helpers = GraphQLResolveInfoHelpers(*map(_weak_method, self.async_helpers))


def _weak_method(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that calls the method through a weak reference. The executor outlives the resolvers it runs."""
    reference = WeakMethod(method)

    def call(values: Any) -> Any:
        living = reference()
        if living is None:
            raise ReferenceError("The operation has ended.")
        return living(values)

    return call
