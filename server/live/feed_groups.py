"""All groups of a process: where a subscription joins the group of its equals, or catches up first."""

from collections.abc import Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from strawberry import Schema

from domain.cursors.feed import Position
from resolvers.context import Context, Viewer
from resolvers.feeds import StateFeed
from server.graphql.errors import Errors
from server.graphql.operation import Operation
from server.graphql.operations import Operations
from server.live.batch_contexts import BatchContexts, visibility_key
from server.live.event_groups import EventGroup, NewBatchContext
from server.live.feed_execution import FeedExecution
from server.live.groups import SubscriberGroup
from server.live.metrics import FeedMetrics
from server.live.request_priority import RequestPriority
from server.live.retry import retry_on_outage
from server.live.state_groups import StateGroup
from server.live.subscribers import SendResults, Subscriber
from server.live.subscription import Subscription, prepare_subscription, variables_key
from store.feed.feed import Feed

GroupKey = tuple[str, ...]
Group = TypeVar("Group", bound=SubscriberGroup)


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


class _JoinRequest(NamedTuple):
    """One subscriber and what it subscribes to; subscriptions with equal keys share a group."""

    key: GroupKey
    viewer: Viewer
    subscription: Subscription
    execution: FeedExecution
    subscriber: Subscriber


class FeedGroups:
    """All groups of the process."""

    def __init__(self, app_state: FeedAppState, metrics: FeedMetrics) -> None:
        self._app_state, self._metrics = app_state, metrics
        self._event_groups: dict[GroupKey, EventGroup] = {}
        self._state_groups: dict[GroupKey, StateGroup] = {}
        self._contexts = BatchContexts(app_state)

    async def serve(
        self,
        viewer: Viewer,
        operation: Operation,
        variables: Mapping[str, Any],
        position: Position,
        send: SendResults,
        last_cursor: str | None = None,
    ) -> Errors:
        """Serve one subscription until it ends, and return the errors that ended it; cancel the call to leave.

        It starts after `last_cursor`, the last cursor that the client received, else after its argument `after`, else
        at the position. Raise OperationRejected, InvalidCursor or CursorExpired where it cannot start.
        """
        subscriber = Subscriber(position, send)
        # No local variable for the request: it would keep 7 kB alive for as long as the subscription runs.
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
    ) -> _JoinRequest:
        app_state = self._app_state
        subscription = prepare_subscription(app_state.schema, operation, variables, viewer)
        after = last_cursor or subscription.after
        if after is not None:
            subscriber.position = app_state.feed.read_cursor(viewer.partner_id, after)
        execution = FeedExecution(subscription, app_state.feed, app_state.request_priority)
        key = group_key(viewer, operation, variables, subscription)
        return _JoinRequest(key, viewer, subscription, execution, subscriber)

    async def _join_group(self, request: _JoinRequest) -> SubscriberGroup:
        # A state group delivers its latest state at once: wait until every change of access is known.
        await self._app_state.feed.wait_until_fresh()
        feed = request.subscription.feed
        if isinstance(feed, StateFeed):
            return self._join_state_group(request, feed)
        return await self._join_event_group(request)

    async def _join_event_group(self, request: _JoinRequest) -> EventGroup:
        """Return the group at exactly the subscriber's position; until there is one, serve the subscriber alone."""
        feed, subscriber, partner_id = self._app_state.feed, request.subscriber, request.viewer.partner_id
        while True:
            group = self._event_groups.get(request.key)
            if group is None and feed.covers(partner_id, subscriber.position):
                group = EventGroup(feed, partner_id, request.execution, subscriber.position, self._new_context(request))
                _add_group(self._event_groups, request.key, group)
            # No await between this comparison and the subscriber's joining: otherwise events could be missed.
            if group is not None and (
                group.reached <= subscriber.position or feed.is_at_end(partner_id, subscriber.position)
            ):
                group.subscribers.add(subscriber)
                return group
            await retry_on_outage(partial(self._catch_up, request), lambda: subscriber.position)

    async def _catch_up(self, request: _JoinRequest) -> None:
        """Deliver to the subscriber what has happened up to now."""
        new_context = self._new_context(request)
        feed, subscriber, partner_id = self._app_state.feed, request.subscriber, request.viewer.partner_id
        async with aclosing(feed.follow(partner_id, subscriber.position, only_to_now=True)) as segments:
            async for segment in segments:
                if segment.events:
                    await request.execution.deliver_events(segment.events, new_context(), subscriber.deliver_at_once)
                subscriber.position = segment.reached

    def _new_context(self, request: _JoinRequest) -> NewBatchContext:
        key = visibility_key(request.viewer, request.subscription.depends_on_viewer)
        return partial(self._contexts.get, request.viewer, key)

    def _join_state_group(self, request: _JoinRequest, state_feed: StateFeed[Any]) -> StateGroup:
        group = self._state_groups.get(request.key)
        if group is None:
            new_context = partial(self._app_state.context, request.viewer)
            arguments = request.subscription.arguments
            group = StateGroup(self._app_state.feed, new_context, state_feed, arguments, request.execution)
            _add_group(self._state_groups, request.key, group)
        group.join(request.subscriber)
        return group


def group_key(
    viewer: Viewer, operation: Operation, variables: Mapping[str, Any], subscription: Subscription
) -> GroupKey:
    """Return what equal subscriptions have in common: visibility, operation, and all variables but the cursor."""
    compared = {name: value for name, value in variables.items() if name != subscription.after_variable}
    visibility = visibility_key(viewer, subscription.depends_on_viewer)
    return (*visibility, operation.text, operation.name, variables_key(compared))


def _add_group(groups: dict[GroupKey, Group], key: GroupKey, group: Group) -> None:
    """Add and start the group; it removes itself when it ends."""

    def remove() -> None:
        if groups.get(key) is group:
            del groups[key]

    groups[key] = group
    group.start(remove)
