"""One subscription's execution: its source of payloads, and the answer that each payload becomes."""

import re
from asyncio import Future, Task, create_task, gather, shield, sleep
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import aclosing
from inspect import isawaitable
from time import monotonic
from typing import Any, NamedTuple

import orjson
from graphql import ExecutionResult, Executor, FieldNode, VariableNode, execute_subscription_event
from graphql.execution import create_source_event_stream
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values
from strawberry.execution import optimized_is_awaitable

from domain.cursors.feed import Position
from domain.failures import Unavailable
from resolvers.context import Context, Viewer
from resolvers.feeds import FeedBatch, FeedChange
from resolvers.state_feeds import STATE_FIELDS
from server.graphql.errors import BAD_USER_INPUT, execution_errors, is_database_failure, request_errors
from server.graphql.operations import Operation, OperationRejected, Operations
from server.live.request_priority import RequestPriority
from store.feed.events import AccessGrant
from store.feed.oplog import EventSegment

# So many answers are made before these are sent, and so many messages sent before others get their turn on the loop:
# messages of one turn go out to a socket together. Requests then have this many times as long as that has taken.
_MAX_RESULTS_AT_ONCE, _MAX_SENDS_PER_TURN = 5, 500
_REQUEST_TIME_FACTOR = 2
_VARIABLE = re.compile(r"\$\s*(\w+)", re.ASCII)


class FeedResult(NamedTuple):
    """One change or state as it goes to the subscribers, encoded; a state has no place to go on from."""

    payload: bytes
    position: Position | None = None
    cursor: str | None = None
    access_grant: AccessGrant | None = None


# Hands an answer to its subscribers, and says how many they are.
Deliver = Callable[[FeedResult], int]


class BatchContext(NamedTuple):
    """The context of a batch, and the answers already made in it: equal changes of one shape have one answer."""

    context: Context
    results: dict[Hashable, "Task[bytes]"]


NewBatchContext = Callable[[Viewer], BatchContext]


class FeedExecution:
    """Return a subscription with its variables, ready for any segments of events; raise OperationRejected.

    `wait_until_fresh` returns while the feed is heard: nothing is delivered while access may have changed unheard.
    """

    def __init__(
        self,
        operations: Operations,
        schema: Any,
        operation: Operation,
        variables: Mapping[str, Any],
        wait_until_fresh: Callable[[], Awaitable[None]],
        request_priority: RequestPriority,
    ) -> None:
        self._wait_until_fresh, self._request_priority = wait_until_fresh, request_priority
        name = operation.definition.name
        built = schema.execution_context_class.build(
            operations.graphql_schema,
            operation.document,
            raw_variable_values=dict(variables),
            operation_name=name.value if name else None,
            is_awaitable=optimized_is_awaitable,
        )
        if isinstance(built, list):
            raise OperationRejected(request_errors(built, BAD_USER_INPUT))
        self._executor = built
        field = self._root_field(operation)
        arguments = get_argument_values(
            built.schema.get_field(built.schema.subscription_type, field.name.value), field, built.variable_values
        )
        self.after: str | None = arguments.get("after")
        self.is_state_feed = field.name.value in STATE_FIELDS
        choosing = _variables_used_only_in(field, operation.text)
        # Subscriptions that differ in these variables alone hear different events, but say the same of each.
        rest = {key: value for key, value in variables.items() if key not in choosing}
        self._sharing_key = (operation.text, name.value if name else "", variables_key(rest))
        self.after_variable = _variable_name(field, "after") if _variable_name(field, "after") in choosing else None

    def _root_field(self, operation: Operation) -> FieldNode:
        executor, root = self._executor, self._executor.schema.subscription_type
        found = collect_fields(
            executor.schema, executor.fragments, executor.variable_values, root, operation.definition, True
        )
        field: FieldNode = next(iter(found.grouped_field_set.values()))[0].node
        return field

    async def run(
        self, context: Context, segments: AsyncIterator[EventSegment], new_context: NewBatchContext, deliver: Deliver
    ) -> None:
        """Delivers what the segments' events become; OperationRejected where the field itself refuses."""
        found: list[FeedChange] = []

        async def batches() -> AsyncIterator[FeedBatch]:
            async for segment in segments:
                if segment.events:
                    shared = new_context(context.viewer)
                    yield FeedBatch(shared.context, segment.events)
                    # Asked for the next batch, the field has said all that it has to say of this one.
                    await self._deliver_changes(found, shared, deliver)

        context.events = batches()
        source = await self._open_source(context)
        async for change in source:
            found.append(change)  # noqa: PERF401 (they are taken out again while this waits for more)

    async def run_states(self, context: Context, deliver: Deliver) -> None:
        """Delivers each state; OperationRejected where the field itself refuses."""
        source: Any = await self._open_source(context)
        async with aclosing(source):
            async for state in source:
                payload = await self._encode_result(state, context)
                await self._wait_until_fresh()
                deliver(FeedResult(payload))

    async def _open_source(self, context: Context) -> AsyncIterator[Any]:
        executor = self._build_executor(None, context)
        source: Any = create_source_event_stream(executor)
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            raise OperationRejected(execution_errors(source.errors or ()))
        told: AsyncIterator[Any] = source
        return told

    async def _deliver_changes(self, changes: list[FeedChange], shared: BatchContext, deliver: Deliver) -> None:
        began, sent = monotonic(), 0
        while changes:
            some, changes[:] = changes[:_MAX_RESULTS_AT_ONCE], changes[_MAX_RESULTS_AT_ONCE:]
            payloads = await gather(*(self._shared_result(change, shared) for change in some))
            for change, payload in zip(some, payloads, strict=True):
                await self._wait_until_fresh()
                sent += deliver(FeedResult(payload, change.position, change.cursor, change.access_grant))
                if sent >= _MAX_SENDS_PER_TURN:
                    await self._request_priority.yield_to_requests(_REQUEST_TIME_FACTOR * (monotonic() - began))
                    began, sent = monotonic(), 0
            await sleep(0)

    def _build_executor(self, root: Any, context: Context) -> Executor[Any]:
        executor: Executor[Any] = self._executor.build_per_event_executor(root)
        executor.context_value = context
        # The library's copies would all note their sub-fields in one place, which grows with each event and is
        # good for nothing: its keys are the ids of lists that each execution makes anew.
        executor._relevant_sub_fields = {}
        return executor

    def _shared_result(self, change: FeedChange, shared: BatchContext) -> "Future[bytes]":
        key = (self._sharing_key, change)
        answer = shared.results.get(key)
        if answer is None:
            answer = shared.results[key] = create_task(self._encode_result(change, shared.context))
            # Where nobody waits any more, nobody needs to know that it failed.
            answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Whoever leaves early must not take the answer away from the others.
        return shield(answer)

    async def _encode_result(self, change: Any, context: Context) -> bytes:
        result: Any = execute_subscription_event(self._build_executor(change, context))
        if isinstance(result, Awaitable):
            result = await result
        if any(is_database_failure(error) for error in result.errors or ()):
            # Half an answer would pass for the change itself; it is made once more when the database is back.
            raise Unavailable
        return orjson.dumps(Operations.render(result))


def variables_key(variables: Mapping[str, Any]) -> str:
    """Variables as a text that is equal where they are."""
    return orjson.dumps(variables, option=orjson.OPT_SORT_KEYS).decode()


def _variable_name(field: FieldNode, argument: str) -> str | None:
    """The variable that is given as the argument."""
    value = next((given.value for given in field.arguments or () if given.name.value == argument), None)
    return value.name.value if isinstance(value, VariableNode) else None


def _variables_used_only_in(field: FieldNode, text: str) -> frozenset[str]:
    """The variables that are declared, used in the field's arguments, and nowhere else."""
    within: Counter[str] = Counter()
    waiting: list[Any] = [given.value for given in field.arguments or ()]
    while waiting:
        value = waiting.pop()
        if isinstance(value, VariableNode):
            within[value.name.value] += 1
        waiting += getattr(value, "values", None) or [inner.value for inner in getattr(value, "fields", None) or ()]
    # What stands in a comment or a string counts too, and only keeps some from sharing.
    used = Counter(_VARIABLE.findall(text))
    return frozenset(name for name, count in within.items() if used[name] == count + 1)
