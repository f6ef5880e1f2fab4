"""The execution context of a Strawberry schema whose operations are compiled."""

from collections.abc import Sequence
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLField, GraphQLResolveInfoHelpers, OperationType
from graphql.execution.executor import CollectedErrors
from graphql.execution.values import VariableValues
from graphql.pyutils import RefMap
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from execution import survey
from execution.compiler import Compiler
from execution.errors import order_errors
from execution.levels import Levels
from execution.places import ROOT
from execution.plan import FAILED
from execution.plan_cache import CompiledPlan, OperationPlans, plan_cache

_BOOLEANS = {bool}


class CompiledExecutionContext(StrawberryGraphQLCoreExecutionContext):
    """Executes operations by compiled plans, and what it does not compile as graphql-core does.

    A subclass may limit operations: `weigh` declares the costs of fields, `spend` counts them, `max_errors` bounds the
    errors of a response. `not_compiled` is told why an operation is left to graphql-core's executor.
    """

    max_errors: int | None = None
    is_compiling = True
    # Whether `spend` has ended the operation: nothing more is resolved for it.
    has_stopped = False
    # The errors beyond `max_errors`.
    suppressed_errors = 0
    # Whether this is a copy that graphql-core's executor has not changed yet.
    shares_state = False
    # Why graphql-core's executor executed the operation; None where its plan did.
    fallback_reason: str | None = None

    @staticmethod
    def weigh(_field: GraphQLField | None) -> tuple[int, int]:
        """Return the cost of a field of an object, and of each row of the list that it holds."""
        return 0, 0

    def spend(self, _cost: int) -> Exception | None:
        """Count the cost of objects that are resolved next; return the error of each of them if it is too high."""
        return None

    def depth_error(self) -> GraphQLError:
        """Return the error of an operation that is nested too deeply for Python's stack."""
        return GraphQLError("This operation is nested too deeply.")

    def not_compiled(self, reason: str) -> None:
        """Note that graphql-core's executor executes this operation."""

    def copy(self, context_value: Any) -> "CompiledExecutionContext":
        """Return an executor of the same operation for another request, in a third of the time of building one.

        Its variables are those of this one until `variable_values` is set.
        """
        executor = object.__new__(type(self))
        executor.__dict__.update(self.__dict__)
        executor.context_value, executor.collected_errors = context_value, CollectedErrors()
        executor.async_helpers = GraphQLResolveInfoHelpers(executor.gather_async_work, executor.track_async_work)
        executor.shares_state, executor.suppressed_errors, executor.fallback_reason = True, 0, None
        return executor

    def unshare_state(self) -> None:
        """Give a copy its own of everything that graphql-core's executor changes; a compiled operation changes nothing.

        The cache of sub-fields is a part of it: its keys are ids of lists that each execution creates anew.
        """
        if self.shares_state:
            self.shares_state = False
            self.pending_incremental_futures, self.background_futures = set(), set()
            self.groups, self.tasks, self.streams = [], [], []
            self._relevant_sub_fields, self._stream_usages = {}, RefMap()
            self._initial_execution_plans, self._deferred_execution_plans = RefMap(), RefMap()

    def track_async_work(self, values: Sequence[Any]) -> None:
        """Take over awaitables that a resolver does not await, as graphql-core does."""
        self.unshare_state()
        super().track_async_work(values)

    def execute_uncompiled(self, serially: bool | None = None) -> Any:
        """Return the result of graphql-core's executor, or an awaitable of it."""
        self.unshare_state()
        return super().execute_operation(serially)

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Return the result of the operation, or an awaitable of it."""
        found = self._find_plan()
        if isinstance(found, str):
            self.fallback_reason = found
            self.not_compiled(found)
            return self.execute_uncompiled(serially)
        operation, plan = found
        levels = Levels(self, plan.compiler)
        in_series = self.operation.operation is OperationType.MUTATION if serially is None else serially
        try:
            start = levels.root_serially if in_series else levels.root
            rows = start(plan.root, self.root_value, ROOT)
        except RecursionError:
            levels.resolving.close()
            return self._refuse_depth()
        except BaseException:
            levels.resolving.close()
            raise
        if type(rows) is list:
            return self._respond(levels, operation, plan, rows)
        return self._respond_later(levels, operation, plan, rows)

    def _find_plan(self) -> str | tuple[OperationPlans, CompiledPlan]:
        """Return the plan of the operation, or why it has none."""
        reason = self._obstacle()
        if reason is not None:
            return reason
        cache = plan_cache(self.schema)
        operation = cache.plans_of(self.operation, self.fragment_definitions)
        if operation.survey.reason is not None:
            return operation.survey.reason
        values = self.variable_values.coerced
        conditions = tuple(values.get(name) for name in operation.survey.conditions)
        if conditions and not _BOOLEANS.issuperset(map(type, conditions)):
            return survey.CONDITION
        plan = operation.plans.get(conditions)
        if plan is None:
            try:
                plan = self._compile(operation.survey.conditions)
            except RecursionError:
                return survey.DEPTH
            operation.plans[conditions] = plan
            cache.count(operation)
        return operation, plan

    def _obstacle(self) -> str | None:
        """Return why this execution, whatever its operation, is not compiled."""
        if not self.is_compiling:
            return survey.SWITCHED_OFF
        if self.middleware_manager is not None and self.middleware_manager.middlewares:
            return survey.MIDDLEWARE
        if self.abort_signal is not None:
            return survey.ABORT_SIGNAL
        if self.hooks is not None:
            return survey.HOOKS
        return survey.ROOT_TYPE if self.schema.get_root_type(self.operation.operation) is None else None

    def _compile(self, conditions: Sequence[str]) -> CompiledPlan:
        values: Any = self.variable_values
        known = VariableValues(
            {name: values.sources[name] for name in conditions}, {name: values.coerced[name] for name in conditions}
        )
        compiler = Compiler(self.schema, self.operation, self.fragments, known, self.weigh)
        return CompiledPlan(compiler, compiler.compile_root())

    async def _respond_later(
        self, levels: Levels, operation: OperationPlans, plan: CompiledPlan, rows: Any
    ) -> ExecutionResult:
        try:
            return self._respond(levels, operation, plan, await levels.resolving.begin(rows))
        except RecursionError:
            return self._refuse_depth()
        finally:
            levels.resolving.close()

    def _refuse_depth(self) -> ExecutionResult:
        return ExecutionResult(None, [self.depth_error()])

    def _respond(
        self, levels: Levels, operation: OperationPlans, plan: CompiledPlan, rows: Sequence[Any]
    ) -> ExecutionResult:
        # Parts of a plan are compiled when they are first needed.
        if plan.has_grown:
            plan_cache(self.schema).count(operation)
        data = None if self.has_stopped or rows[0] is FAILED else rows[0]
        completion = levels.completion
        if not completion.errors:
            return ExecutionResult(data, None)
        ordered = order_errors(plan.root, completion.errors)
        reported = ordered if self.max_errors is None else ordered[: self.max_errors]
        self.suppressed_errors = completion.unrecorded + len(ordered) - len(reported)
        self.collected_errors.errors.extend(error.locate() for error in reported)
        return ExecutionResult(data, self.collected_errors.errors)
