"""The executor of operations, with limits: it counts their costs, bounds their errors, and takes turns.

Operations are compiled (execution/). Where one is not, graphql-core executes it, which completes a value without a
pause as soon as it is there. Here the limits are added to that: the cost of every object is counted before its fields
are resolved, and other operations have their turn in between.
"""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any
from weakref import WeakMethod

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfoHelpers,
    OperationType,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
)
from graphql.pyutils import Path, gather_with_cancel
from prometheus_client import Counter

from domain.failures import QueryTooComplex
from execution.context import CompiledExecutionContext
from execution.leaves import serialize_leaves
from execution.turns import TURNS
from schema.costs import field_weight, row_weight

# The error entries of one answer. The others are counted, and summarized in one more entry.
MAX_ERRORS = 100
_NOT_COMPILED = Counter(
    "partnerhub_operations_not_compiled_total", "Operations that graphql-core executed, by reason", ["reason"]
)
# A shorter list is completed without a pause, unless the turn is over.
_SHORT_LIST = 50


class OperationExecutor(CompiledExecutionContext):
    """The executor of one operation, or of one event of a subscription. It is freed when that ends.

    `spent_cost` is the sum of the costs of the fields that it has begun to resolve. Where that exceeds `cost_limit`,
    the execution ends: `failure` says so, and there is no data. A mutation has changed something by then: its execution
    goes on, and each further object is an error of its field.

    graphql-core stores two bound methods of the executor in the executor. With that cycle, everything that an
    operation has read waits for Python's garbage collector, whose pauses delay all other operations.
    """

    max_errors = MAX_ERRORS
    _async_helpers: GraphQLResolveInfoHelpers | None

    def __init__(self, *args: Any, cost_limit: float = inf, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cost_limit = cost_limit
        self._start()

    def _start(self) -> None:
        self.spent_cost = 0
        self.failure: QueryTooComplex | None = None
        # By the id of a group of fields. The group is kept, because the id of a freed one is that of a later one.
        self._group_costs: dict[int, tuple[int, Any]] = {}

    @property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        """Return what resolvers get, made for the first of them that graphql-core calls."""
        if self._async_helpers is None:
            methods = (self.gather_async_work, self.track_async_work)
            self._async_helpers = GraphQLResolveInfoHelpers(*map(_weak_method, methods))
        return self._async_helpers

    @async_helpers.setter
    def async_helpers(self, _methods: GraphQLResolveInfoHelpers) -> None:
        self._async_helpers = None

    @property
    def has_stopped(self) -> bool:  # type: ignore[override]
        """Return whether the operation has ended because of its cost."""
        return self.failure is not None

    @staticmethod
    def weigh(field: GraphQLField | None) -> tuple[int, int]:
        """Return the declared cost of a field of an object, and of each row of the list that it holds."""
        return field_weight(field), row_weight(field)

    def depth_error(self) -> GraphQLError:
        """Return the error of an operation that is nested too deeply, with the code of a limit."""
        failure = QueryTooComplex(str(super().depth_error()))
        return GraphQLError(str(failure), original_error=failure)

    def not_compiled(self, reason: str) -> None:
        """Count an operation that graphql-core executes."""
        _NOT_COMPILED.labels(reason).inc()

    def copy(self, context: Any) -> "OperationExecutor":
        """Return an executor for another request, which counts for itself."""
        executor: OperationExecutor = super().copy(context)  # type: ignore[assignment]
        executor._start()
        return executor

    def build_per_event_executor(self, payload: Any) -> "OperationExecutor":
        """Return a copy for one event, whose context is set later."""
        executor = self.copy(None)
        executor.root_value = payload
        return executor

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """Execute the fields of one object once their cost is within the limit."""
        self._spend(parent_type, grouped_field_set)
        return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)

    def execute_fields_serially(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """Execute the root fields of a mutation once their cost is within the limit."""
        self._spend(parent_type, grouped_field_set)
        return super().execute_fields_serially(parent_type, source_value, path, grouped_field_set, position_context)

    def _spend(self, parent_type: GraphQLObjectType, grouped_field_set: Any) -> None:
        known = self._group_costs.get(id(grouped_field_set))
        if known is None:
            names = (details[0].node.name.value for details in grouped_field_set.values())
            known = sum(field_weight(parent_type.fields.get(name)) for name in names), grouped_field_set
            self._group_costs[id(grouped_field_set)] = known
        self._count(known[0])

    def _count(self, cost: int) -> None:
        failure = self.spend(cost)
        if failure is not None:
            raise failure

    def spend(self, cost: int) -> GraphQLError | None:
        """Count the cost of objects; return the error of each of them where it is beyond the limit."""
        self.spent_cost += cost
        if self.spent_cost <= self.cost_limit:
            return None
        if self.operation.operation is OperationType.MUTATION:
            failure = QueryTooComplex(
                f"The mutation was executed, but its answer was stopped at a cost of {self.cost_limit:,}: "
                "select less of what it returns."
            )
        else:
            # The first one stays: a cancelled list sets the limit to 0, so that what has been begun ends.
            failure = self.failure = self.failure or QueryTooComplex(
                f"This operation was stopped when its answer had cost {self.cost_limit:,}, the most that one operation "
                "may cost: ask for smaller pages or for fewer relations."
            )
        return GraphQLError(str(failure), original_error=failure)

    def handle_field_error(self, raw_error: Exception, return_type: Any, field_details_list: Any, path: Path) -> None:
        """Record an error; after MAX_ERRORS only count it, which costs no more than a field."""
        if self.failure is not None:
            # The failure of the operation, which no field may swallow.
            raise GraphQLError(str(self.failure), original_error=self.failure)
        if len(self.collected_errors.errors) < MAX_ERRORS:
            super().handle_field_error(raw_error, return_type, field_details_list, path)
        elif self.error_propagation and is_non_null_type(return_type):
            raise raw_error
        else:
            self.suppressed_errors += 1

    async def complete_awaitable_value(
        self,
        return_type: Any,
        field_details_list: Any,
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Complete a value once it is there, as graphql-core does; in the next turn where the present one is over."""
        try:
            resolved = await result
            if TURNS.is_over():
                await TURNS.wait()
            completed = self.complete_value(return_type, field_details_list, info, path, resolved, position_context)
            if self.is_awaitable(completed):
                completed = await completed
        except Exception as failure:  # noqa: BLE001  Whatever a resolver raises is an error of its field.
            self.handle_field_error(failure, return_type, field_details_list, path)
            completed = None
        return completed

    def complete_iterable_value(
        self,
        item_type: Any,
        field_details_list: Any,
        info: Any,
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> Any:
        """Complete a list; a long one, and any one at the end of a turn, with pauses between its items."""
        values = items if isinstance(items, Sequence) else list(items)
        self._count(len(values) * row_weight(info.parent_type.fields.get(info.field_name)))
        leaves = serialize_leaves(item_type, values)
        if leaves is not None:
            return leaves
        is_short = len(values) <= _SHORT_LIST and not TURNS.is_over()
        if is_short or is_leaf_type(get_named_type(item_type)):
            return super().complete_iterable_value(item_type, field_details_list, info, path, values, position_context)
        return self._complete_in_turns(item_type, field_details_list, info, path, values, position_context)

    async def _complete_in_turns(
        self,
        item_type: Any,
        field_details_list: Any,
        info: Any,
        path: Path,
        values: Sequence[Any],
        position_context: Any,
    ) -> list[Any]:
        completed: list[Any] = []
        waiting: list[int] = []
        try:
            for index, value in enumerate(values):
                if TURNS.is_over():
                    await TURNS.wait()
                place = (item_type, field_details_list, info, path.add_key(index, None), position_context)
                if self.is_awaitable(value):
                    completed.append(self.complete_awaitable_list_item_value(value, *place))
                    waiting.append(index)
                elif self.complete_list_item_value(value, completed, *place):
                    waiting.append(index)
        except BaseException as failure:
            if not isinstance(failure, Exception):
                # The operation was cancelled: what has been begun ends at its next object.
                self.cost_limit = 0
            # They may hold coroutines that nobody else would await.
            self.settle_in_background([completed[index] for index in waiting])
            raise
        if waiting:
            results = await gather_with_cancel(*(completed[index] for index in waiting))
            for index, result in zip(waiting, results, strict=True):
                completed[index] = result
        return completed


def _weak_method(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that calls the method through a weak reference. The executor outlives the resolvers it runs."""
    reference = WeakMethod(method)

    def call(values: Any) -> Any:
        living = reference()
        if living is None:
            raise ReferenceError("The operation has ended.")
        return living(values)

    return call
