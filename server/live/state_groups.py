"""The group of equal subscriptions to a StateFeed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from resolvers.context import Context
from resolvers.feeds import StateFeed
from server.live.feed_execution import FeedExecution, FeedResult
from server.live.groups import SubscriberGroup
from server.live.subscribers import Subscriber
from store.database.clock import utc_now
from store.feed.events import FeedEvent
from store.feed.feed import Feed
from store.feed.oplog import EventSegment

# The clock of the event loop and the calendar clock differ by at most this, or instants are rounded down by it.
_CLOCK_TOLERANCE_SECONDS = 0.002


class StateGroup(SubscriberGroup):
    """Reads the state, and again when it may have changed; equal results are delivered once."""

    def __init__(
        self,
        feed: Feed,
        new_context: Callable[[], Context],
        state_feed: StateFeed[Any],
        arguments: Mapping[str, Any],
        execution: FeedExecution,
    ) -> None:
        super().__init__()
        self._feed, self._new_context, self._execution = feed, new_context, execution
        self._state_feed, self._arguments = state_feed, arguments
        self._latest: FeedResult | None = None
        self._latest_state: Any = None
        self._reads = 0

    def join(self, subscriber: Subscriber) -> None:
        """Add a subscriber and deliver the latest state to it."""
        self.subscribers.add(subscriber)
        if self._latest is not None:
            subscriber.deliver([self._latest])

    @property
    def _progress(self) -> int:
        return self._reads

    async def _produce(self) -> None:
        context = self._new_context()
        async with _watch_events(self._feed, context.scope.partner_id, self._state_feed.is_affected) as watch:
            while True:
                # An event that arrives after this line may not be part of the state that is read next.
                watch.changed.clear()
                if watch.task.done():
                    # CursorExpired: events are missing, and one of them may have ended the viewer's access.
                    await watch.task
                context = self._new_context()
                context.is_state_feed = True
                state = await self._state_feed.read(context, **self._arguments)
                if not await self._differs_in_moment_alone(state, context):
                    payload = await self._execution.encode_result(state, context)
                    await self._feed.wait_until_fresh()
                    for _ in self._deliver([FeedResult(payload)]):
                        await self._feed.wait_until_fresh()
                    self._latest_state = state
                # Count equal states too: each read shows that an outage has ended.
                self._reads += 1
                if self._state_feed.is_final(state):
                    return
                await asyncio.sleep(self._state_feed.min_interval)
                seconds = min(self._state_feed.poll_interval, _seconds_until(context.valid_until))
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await watch.changed.wait()

    async def _differs_in_moment_alone(self, state: Any, context: Context) -> bool:
        if self._latest is None or self._state_feed.at_moment_of is None:
            return False
        unmoved = self._state_feed.at_moment_of(state, self._latest_state)
        return FeedResult(await self._execution.encode_result(unmoved, context)) == self._latest

    def _deliver(self, results: Sequence[FeedResult]) -> Iterator[int]:
        if results[-1] == self._latest:
            return iter(())
        self._latest = results[-1]
        return super()._deliver(results)


class _Watch:
    """`changed` is set by each event that affects the state, and when `task` ends."""

    def __init__(self, task: "asyncio.Task[None]", changed: asyncio.Event) -> None:
        self.task, self.changed = task, changed


@asynccontextmanager
async def _watch_events(feed: Feed, partner_id: str, is_affected: Callable[[FeedEvent], bool]) -> AsyncIterator[_Watch]:
    changed = asyncio.Event()
    # The position is taken here and not in the task, which starts later: no event between the two may be missed.
    events = feed.follow(partner_id, feed.position)
    task = asyncio.create_task(_set_on_events(events, is_affected, changed), name="state events")
    task.add_done_callback(lambda _: changed.set())
    try:
        yield _Watch(task, changed)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _set_on_events(
    events: AsyncGenerator[EventSegment, None], is_affected: Callable[[FeedEvent], bool], changed: asyncio.Event
) -> None:
    async with aclosing(events) as segments:
        async for segment in segments:
            if any(map(is_affected, segment.events)):
                changed.set()


def _seconds_until(moment: datetime) -> float:
    return max(0.0, (moment - utc_now()).total_seconds()) + _CLOCK_TOLERANCE_SECONDS
