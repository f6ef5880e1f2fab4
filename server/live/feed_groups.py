"""Equal subscriptions as one: a group executes and encodes each change once, for all of its subscribers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from time import monotonic
from typing import Any, NamedTuple, Protocol

from strawberry import Schema

from domain.cursors.feed import Position
from domain.permissions import can_see_all_customers
from resolvers.context import Context, Viewer
from server.graphql.errors import Errors, exception_error
from server.graphql.operations import Operation, OperationRejected, Operations
from server.live.feed_execution import BatchContext, FeedExecution, FeedResult, variables_key
from server.live.metrics import FeedMetrics
from server.live.request_priority import RequestPriority
from server.live.retry import retry_on_outage
from server.live.state_groups import StateGroup
from server.live.subscribers import SendResult, Subscriber
from store.feed.feed import Feed
from store.feed.oplog import EventSegment

# Groups that hear of the same events share their look-ups; beyond this age, time may have closed what they show.
_MAX_CONTEXT_AGE_SECONDS = 0.05

GroupKey = tuple[str, ...]


class FeedAppState(Protocol):
    """What feeds need of the process."""

    @property
    def schema(self) -> Schema: ...

    @property
    def operations(self) -> Operations: ...

    @property
    def feed(self) -> Feed: ...

    @property
    def request_priority(self) -> RequestPriority: ...

    def context(self, viewer: Viewer) -> Context:
        """A fresh context, with loaders of its own."""


class _SubscriptionRequest(NamedTuple):
    """One subscription: what equals share, and what is its own."""

    key: GroupKey
    viewer: Viewer
    execution: FeedExecution
    subscriber: Subscriber


class FeedGroups:
    """All groups of the process."""

    def __init__(self, app_state: FeedAppState, metrics: FeedMetrics) -> None:
        self._app_state, self._metrics = app_state, metrics
        self._groups: dict[GroupKey, _FeedGroup] = {}
        self._state_groups: dict[GroupKey, StateGroup] = {}
        self._contexts = _BatchContexts(app_state)

    async def serve(
        self,
        viewer: Viewer,
        operation: Operation,
        variables: Mapping[str, Any],
        position: Position,
        send: SendResult,
        last_cursor: str | None = None,
    ) -> Errors:
        """Serves one subscription until it ends; cancel it to leave.

        It goes on behind `last_cursor`, the last one that its client has seen, else its `after`, else the position.
        OperationRejected, InvalidCursor or CursorExpired where it cannot begin.
        """
        subscriber = Subscriber(position, send)
        group = await self._join_group(self._build_request(viewer, operation, variables, subscriber, last_cursor))
        self._metrics.subscribers += 1
        try:
            return await subscriber.ended
        finally:
            self._metrics.subscribers -= 1
            group.leave(subscriber)

    def _build_request(
        self,
        viewer: Viewer,
        operation: Operation,
        variables: Mapping[str, Any],
        subscriber: Subscriber,
        last_cursor: str | None,
    ) -> _SubscriptionRequest:
        app_state = self._app_state
        execution = FeedExecution(
            app_state.operations,
            app_state.schema,
            operation,
            variables,
            app_state.feed.wait_until_fresh,
            app_state.request_priority,
        )
        after = last_cursor or execution.after
        if after is not None:
            subscriber.position = app_state.feed.read_cursor(viewer.partner_id, after)
        return _SubscriptionRequest(
            _group_key(viewer, operation, variables, execution.after_variable), viewer, execution, subscriber
        )

    async def _join_group(self, request: _SubscriptionRequest) -> "_FeedGroup | StateGroup":
        # The first state is told as one joins, and must not be told while access may have changed unheard.
        await self._app_state.feed.wait_until_fresh()
        return (
            self._join_state_group(request) if request.execution.is_state_feed else await self._join_feed_group(request)
        )

    async def _join_feed_group(self, request: _SubscriptionRequest) -> "_FeedGroup":
        """Return the group at exactly the subscriber's position; until one exists, serve the subscriber alone."""
        feed, subscriber, partner_id = self._app_state.feed, request.subscriber, request.viewer.partner_id
        while True:
            group = self._groups.get(request.key)
            if group is None and feed.covers(partner_id, subscriber.position):
                group = self._groups[request.key] = _FeedGroup(self._app_state, request, self._contexts)
                group.start(partial(self._remove_group, request.key, group))
            # Between this question and the subscriber's joining nothing else may run, so that nothing is missed.
            if group is not None and (
                group.reached <= subscriber.position or feed.is_at_end(partner_id, subscriber.position)
            ):
                group.subscribers.add(subscriber)
                return group
            await retry_on_outage(partial(self._catch_up, request), lambda: subscriber.position)

    async def _catch_up(self, request: _SubscriptionRequest) -> None:
        """Tells the subscriber what has happened up to now."""
        segments = self._events_until_now(request.subscriber, request.viewer.partner_id)
        await request.execution.run(
            self._app_state.context(request.viewer), segments, self._contexts, request.subscriber.deliver
        )

    def _join_state_group(self, request: _SubscriptionRequest) -> StateGroup:
        """The group that tells the same state; it tells a new subscriber at once how it was last."""
        group = self._state_groups.get(request.key)
        if group is None:
            context = self._app_state.context(request.viewer)
            group = self._state_groups[request.key] = StateGroup(context, request.execution)
            group.start(partial(self._remove_state_group, request.key, group))
        group.join(request.subscriber)
        return group

    def _remove_state_group(self, key: GroupKey, group: StateGroup) -> None:
        if self._state_groups.get(key) is group:
            del self._state_groups[key]

    def _remove_group(self, key: GroupKey, group: "_FeedGroup") -> None:
        if self._groups.get(key) is group:
            del self._groups[key]

    async def _events_until_now(self, subscriber: Subscriber, partner_id: str) -> AsyncIterator[EventSegment]:
        async with aclosing(self._app_state.feed.follow(partner_id, subscriber.position, only_to_now=True)) as segments:
            async for segment in segments:
                yield segment
                subscriber.position = segment.reached


class _FeedGroup:
    """One execution for all who asked the same and may see the same."""

    def __init__(self, app_state: FeedAppState, request: _SubscriptionRequest, contexts: "_BatchContexts") -> None:
        self._app_state, self._viewer, self._execution, self._contexts = (
            app_state,
            request.viewer,
            request.execution,
            contexts,
        )
        self.reached = request.subscriber.position
        self.subscribers: set[Subscriber] = set()
        self._task: asyncio.Task[None] | None = None
        self._on_end: Callable[[], Any] = bool

    def start(self, forget: Callable[[], Any]) -> None:
        """Starts hearing the events behind the position; `forget` is called once nobody may join any more."""
        self._on_end = forget
        self._task = asyncio.create_task(self._run(), name="feed group")

    def leave(self, subscriber: Subscriber) -> None:
        """Takes the subscriber away; with the last one, the group ends."""
        self.subscribers.discard(subscriber)
        if not self.subscribers and self._task is not None:
            self._on_end()
            self._task.cancel()

    async def _run(self) -> None:
        errors: Errors = []
        try:
            await retry_on_outage(self._run_feed, lambda: self.reached)
        except OperationRejected as refused:
            errors = refused.errors
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            errors = [exception_error(failure)]
        finally:
            self._on_end()
            # A task that was cancelled remembers where, and both of these know the group.
            self._on_end, self._task = bool, None
            for subscriber in self.subscribers:
                subscriber.end(errors)

    async def _run_feed(self) -> None:
        context = self._app_state.context(self._viewer)
        await self._execution.run(context, self._segments(), self._contexts, self._deliver)

    async def _segments(self) -> AsyncIterator[EventSegment]:
        async with aclosing(self._app_state.feed.follow(self._viewer.partner_id, self.reached)) as segments:
            async for segment in segments:
                yield segment
                self.reached = segment.reached

    def _deliver(self, answer: FeedResult) -> int:
        if answer.position is not None:
            self.reached = answer.position
        for subscriber in tuple(self.subscribers):
            subscriber.deliver(answer)
        return len(self.subscribers)


class _BatchContexts:
    """A context for each kind of sight and each state of the feed, so that groups of equals share their look-ups."""

    def __init__(self, app_state: FeedAppState) -> None:
        self._app_state = app_state
        self._position: Position | None = None
        self._created_at = float("-inf")
        self._by_key: dict[GroupKey, BatchContext] = {}

    def __call__(self, viewer: Viewer) -> BatchContext:
        # An event that arrived since must not be shown with what was looked up before it.
        position, now = self._app_state.feed.position, monotonic()
        if position != self._position or now - self._created_at > _MAX_CONTEXT_AGE_SECONDS:
            self._by_key.clear()
            self._position, self._created_at = position, now
        key = _visibility_key(viewer)
        if key not in self._by_key:
            self._by_key[key] = BatchContext(self._app_state.context(viewer), {})
        return self._by_key[key]


def _visibility_key(viewer: Viewer) -> GroupKey:
    """What a viewer may do and see: equal for all of a role, but for those who see only their own customers."""
    administrator = viewer.administrator
    own = "" if can_see_all_customers(administrator.role) else administrator.id
    return (viewer.partner_id, str(administrator.role), own)


def _group_key(
    viewer: Viewer, operation: Operation, variables: Mapping[str, Any], after_variable: str | None
) -> GroupKey:
    name = operation.definition.name
    given = {key: value for key, value in variables.items() if key != after_variable}
    return (*_visibility_key(viewer), operation.text, name.value if name else "", variables_key(given))
