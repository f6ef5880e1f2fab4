"""One subscription's execution: its source of payloads, and the answer that each payload becomes."""

import re
from asyncio import gather, sleep
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any, NamedTuple

import orjson
from graphql import ArgumentNode, ExecutionResult, FieldNode, VariableNode, execute_subscription_event
from graphql.execution import create_source_event_stream
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values
from strawberry.execution import optimized_is_awaitable

from resolvers.context import Context, Viewer
from resolvers.feeds import Change, FeedBatch
from server.errors import BAD_USER_INPUT, execution_errors, request_errors
from server.operations import Operation, Operations, Refusal
from store.feed_oplog import Stretch

# So many answers are made before others get their turn on the loop, and before these are sent.
_AT_ONCE = 25


class Answer(NamedTuple):
    """One change as it goes to the subscribers, encoded."""

    change: Change
    payload_json: str


class Start(NamedTuple):
    """Where a subscriber wants to begin, and by what the variables of equal subscriptions may differ."""

    after: str | None
    after_variable: str | None


Deliver = Callable[[Answer], None]
NewContext = Callable[[Viewer], Context]


class FeedExecution:
    """A subscription with its variables, ready to be run over any stretches of events; Refusal where it cannot be."""

    def __init__(self, operations: Operations, schema: Any, operation: Operation, variables: Mapping[str, Any]) -> None:
        name = operation.definition.name
        built = schema.execution_context_class.build(
            operations.graphql_schema,
            operation.document,
            raw_variable_values=dict(variables),
            operation_name=name.value if name else None,
            is_awaitable=optimized_is_awaitable,
        )
        if isinstance(built, list):
            raise Refusal(request_errors(built, BAD_USER_INPUT))
        self._executor = built
        self._operation = operation

    def start(self) -> Start:
        """What the operation's field is given as `after`."""
        executor, schema = self._executor, self._executor.schema
        root = schema.subscription_type
        fields = collect_fields(
            schema, executor.fragments, executor.variable_values, root, self._operation.definition, True
        ).grouped_field_set
        node: FieldNode = next(iter(fields.values()))[0].node
        after = get_argument_values(schema.get_field(root, node.name.value), node, executor.variable_values)
        return Start(after.get("after"), self._after_variable(node.arguments or ()))

    def _after_variable(self, arguments: Any) -> str | None:
        given: ArgumentNode | None = next((one for one in arguments if one.name.value == "after"), None)
        if given is None or not isinstance(given.value, VariableNode):
            return None
        name = given.value.name.value
        # Named once more than where it is declared and used here, it says something else too.
        used = re.findall(rf"\$\s*{re.escape(name)}\b", self._operation.text)
        return name if len(used) == 2 else None

    async def run(
        self, context: Context, stretches: AsyncIterator[Stretch], new_context: NewContext, deliver: Deliver
    ) -> None:
        """Delivers what the stretches' events become; Refusal where the field itself refuses."""
        found: list[Change] = []

        async def batches() -> AsyncIterator[FeedBatch]:
            async for stretch in stretches:
                if stretch.events:
                    batch = FeedBatch(new_context(context.viewer), stretch.events)
                    yield batch
                    # Asked for the next batch, the field has said all that it has to say of this one.
                    await self._answer(found, batch.context, deliver)

        context.events = batches()
        source = await self._source(context)
        async for change in source:
            found.append(change)  # noqa: PERF401 (they are taken out again while this waits for more)

    async def _source(self, context: Context) -> AsyncIterator[Change]:
        executor = self._executor.build_per_event_executor(None)
        executor.context_value = context
        source: Any = create_source_event_stream(executor)
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            raise Refusal(execution_errors(source.errors or ()))
        changes: AsyncIterator[Change] = source
        return changes

    async def _answer(self, changes: list[Change], context: Context, deliver: Deliver) -> None:
        while changes:
            some, changes[:] = changes[:_AT_ONCE], changes[_AT_ONCE:]
            for change, payload in zip(some, await gather(*(self._one(one, context) for one in some)), strict=True):
                deliver(Answer(change, payload))
            await sleep(0)

    async def _one(self, change: Change, context: Context) -> str:
        executor = self._executor.build_per_event_executor(change)
        executor.context_value = context
        result: Any = execute_subscription_event(executor)
        if isinstance(result, Awaitable):
            result = await result
        return orjson.dumps(Operations.rendered(result)).decode()
