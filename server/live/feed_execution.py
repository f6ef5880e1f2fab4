"""Executes a subscription's selection set for changes and states, and delivers the encoded results."""

from asyncio import Future, Task, create_task, gather, shield, sleep, timeout
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from time import monotonic
from typing import Any, NamedTuple, Protocol

import orjson
from graphql import execute_subscription_event

from domain.batches import split_into_batches
from domain.cursors.feed import Position
from domain.failures import Unavailable
from execution.turns import TURNS
from resolvers.context import Context
from resolvers.feeds import FeedChange, FeedViewer
from schema.executor import OperationExecutor
from server.graphql.errors import is_database_failure
from server.graphql.operations import OPERATION_TIMEOUT_SECONDS, Operations
from server.live.request_priority import RequestPriority
from server.live.subscription import Subscription
from store.database.shared_tasks import retrieve_failure
from store.feed.events import AccessGrant, FeedEvent

# Decoding one database answer blocks the event loop: 10 ms for 200 customers.
LOOKUP_BATCH_SIZE = 25
# Results are encoded five at a time before they are delivered: a subscriber gets them together, as one write. A system
# call costs more than everything else that a message needs.
ENCODE_BATCH_SIZE = 5
# After this many messages, requests get twice the time that the messages took; also between the subscribers of a group.
MAX_MESSAGES_PER_TURN = 500
REQUEST_TIME_FACTOR = 2

# The results of all feeds share the processor like the operations of one administrator.
_TURN_OWNER = "feeds"


class FeedResult(NamedTuple):
    """The encoded result of a change or a state; a state has no position, cursor or access grant."""

    payload: bytes
    position: Position | None = None
    cursor: str | None = None
    access_grant: AccessGrant | None = None


# Sends results to their subscribers, some of them with each step, and yields the number of messages of the step.
Deliver = Callable[[Sequence[FeedResult]], Iterable[int]]


class BatchContext(NamedTuple):
    """The context in which a batch of events is executed, with the results that subscriptions share in it."""

    context: Context
    viewer: FeedViewer
    results: dict[Hashable, "Task[bytes]"]


class FeedSource(Protocol):
    """What the execution needs of the feed."""

    def cursor(self, partner_id: str, position: Position) -> str: ...
    async def wait_until_fresh(self) -> None: ...


class FeedExecution:
    """The execution of one subscription, used by all of its group.

    Nothing is delivered before `feed.wait_until_fresh()` returns: while the database is silent, a loss of access may
    not be known yet.
    """

    def __init__(
        self,
        subscription: Subscription,
        feed: FeedSource,
        request_priority: RequestPriority,
        seconds: float = OPERATION_TIMEOUT_SECONDS,
    ) -> None:
        self._seconds = seconds
        self._subscription, self._feed, self._request_priority = subscription, feed, request_priority

    def select_changes(self, events: Sequence[FeedEvent], viewer: FeedViewer) -> list[FeedChange]:
        """Return the changes that the events mean to the viewer."""
        # Only event groups and catch-ups call this: the feed is an EventFeed.
        feed: Any = self._subscription.feed
        condition = self._subscription.condition
        return [change for event in events if (change := feed.select(event, condition, viewer)) is not None]

    async def deliver_events(self, events: Sequence[FeedEvent], batch: BatchContext, deliver: Deliver) -> None:
        """Deliver the results of the events' changes, in order; raise Unavailable where the database fails."""
        changes = self.select_changes(events, batch.viewer)
        if not changes:
            return
        feed: Any = self._subscription.feed
        pacing, partner_id = _Pacing(self._request_priority), batch.context.scope.partner_id
        for candidates in split_into_batches(changes, LOOKUP_BATCH_SIZE):
            visible = await feed.only_visible(batch.context, candidates)
            for some in split_into_batches(visible, ENCODE_BATCH_SIZE):
                payloads = await gather(*(self._shared_payload(change, batch) for change in some))
                results = [self._result(*pair, partner_id) for pair in zip(some, payloads, strict=True)]
                await self._feed.wait_until_fresh()
                for messages in deliver(results):
                    await pacing.count(messages)
                    # The pause may have been long.
                    await self._feed.wait_until_fresh()
                await sleep(0)

    async def encode_result(self, root: object, context: Context) -> bytes:
        """Return the result of the selection set as JSON; raise Unavailable where the database fails or hangs.

        The limits of an operation hold for each result: its cost, and its time.
        """
        executor = self._build_executor(root, context)
        async with self._request_priority.limit_results(context.scope.partner_id, self._subscription.cost):
            result = await self._execute(executor)
        if any(is_database_failure(error) for error in result.errors or ()):
            # A partial result would replace the change for good; the caller executes it again after the outage.
            raise Unavailable
        return orjson.dumps(Operations.render(result, executor))

    async def _execute(self, executor: OperationExecutor) -> Any:
        with TURNS.track(_TURN_OWNER):
            result: Any = execute_subscription_event(executor)
            if isinstance(result, Awaitable):
                try:
                    async with timeout(self._seconds):
                        result = await result
                except TimeoutError:
                    raise Unavailable from None
        return result

    def _result(self, change: FeedChange, payload: bytes, partner_id: str) -> FeedResult:
        cursor = self._feed.cursor(partner_id, change.position)
        return FeedResult(payload, change.position, cursor, change.access_grant)

    def _shared_payload(self, change: FeedChange, batch: BatchContext) -> "Future[bytes]":
        """Return the payload of a change, executed once for all subscriptions with the same sharing key."""
        key = (self._subscription.sharing_key, change)
        payload = batch.results.get(key)
        if payload is None:
            payload = batch.results[key] = create_task(self.encode_result(change, batch.context))
            payload.add_done_callback(retrieve_failure)
        # A group that is cancelled while it waits must not cancel the execution for the others.
        return shield(payload)

    def _build_executor(self, root: object, context: Context) -> OperationExecutor:
        executor = self._subscription.executor.build_per_event_executor(root)
        executor.context_value = context
        return executor


class _Pacing:
    """Gives requests their time during a long delivery."""

    def __init__(self, request_priority: RequestPriority) -> None:
        self._request_priority = request_priority
        self._started_at, self._sent = monotonic(), 0

    async def count(self, messages: int) -> None:
        """Add messages to those of this turn; end the turn where they are enough."""
        self._sent += messages
        if self._sent >= MAX_MESSAGES_PER_TURN:
            await self._request_priority.yield_to_requests(REQUEST_TIME_FACTOR * (monotonic() - self._started_at))
            self._started_at, self._sent = monotonic(), 0
