"""Feeds of a state: how it is now, and again whenever it may have changed; nothing in between is kept."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from resolvers.context import Context
from store.database.clock import utc_now
from store.feed.events import FeedEvent

State = TypeVar("State")
# The root fields that tell states; all others tell events.
STATE_FIELDS = frozenset({"bulkJob", "kpisChanged"})
_CLOCK_TOLERANCE_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class StateFeed(Generic[State]):
    """How a state is read, what may change it, and how often it is told.

    `min_interval` is the least time between two, in seconds. It is read again, though nothing was heard, when time
    alone may have turned it, and after `poll_interval` seconds.
    A state of None is not told; where `ends_when_missing`, it ends the feed.
    """

    read: Callable[[Context], Awaitable[State | None]]
    is_affected: Callable[[FeedEvent], bool]
    min_interval: float
    poll_interval: float = 3600.0
    is_final: Callable[[State], bool] = lambda _: False
    ends_when_missing: bool = False


async def follow_state(context: Context, feed: StateFeed[State]) -> AsyncGenerator[State, None]:
    """The state at once, then after changes; `context` is renewed before each, so that all below it is read anew."""
    context.is_state_feed = True
    async with _event_signal(context, feed.is_affected) as (heard, listening):
        while True:
            # What arrives from here on may not be in what is read now.
            heard.clear()
            if listening.done():
                # CursorExpired: events are gone unheard, and one of them may have ended the viewer's access.
                await listening
            context.refresh()
            state = await feed.read(context)
            if state is not None:
                yield state
            if feed.ends_when_missing if state is None else feed.is_final(state):
                return
            await asyncio.sleep(feed.min_interval)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(feed.poll_interval, _seconds_until(context.valid_until))):
                    await heard.wait()


def _seconds_until(moment: datetime) -> float:
    # The clock of the event loop and that of the calendar may differ by less than what instants are cut to.
    return max(0.0, (moment - utc_now()).total_seconds()) + _CLOCK_TOLERANCE_SECONDS


@asynccontextmanager
async def _event_signal(
    context: Context, is_affected: Callable[[FeedEvent], bool]
) -> AsyncIterator[tuple[asyncio.Event, "asyncio.Task[None]"]]:
    """Set by each event that touches, and where the hearing fails, for as long as the block runs."""
    heard = asyncio.Event()
    listening = asyncio.create_task(_listen(context, is_affected, heard))
    listening.add_done_callback(lambda _: heard.set())
    try:
        yield heard, listening
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _listen(context: Context, is_affected: Callable[[FeedEvent], bool], heard: asyncio.Event) -> None:
    feed: Any = context.feed
    async with aclosing(feed.follow(context.scope.partner_id, feed.position)) as segments:
        async for segment in segments:
            if any(map(is_affected, segment.events)):
                heard.set()
