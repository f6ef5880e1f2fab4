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
_A_LITTLE = 0.002


@dataclass(frozen=True, slots=True)
class StateFeed(Generic[State]):
    """How a state is read, what may change it, and how often it is told.

    `pause` is the least time between two, in seconds. It is read again, though nothing was heard, when time alone may
    have turned it, and after `look_again` seconds.
    A state of None is not told; where `ends_without`, it ends the feed.
    """

    read: Callable[[Context], Awaitable[State | None]]
    is_touched: Callable[[FeedEvent], bool]
    pause: float
    look_again: float = 3600.0
    is_last: Callable[[State], bool] = lambda _: False
    ends_without: bool = False


async def states(context: Context, feed: StateFeed[State]) -> AsyncGenerator[State, None]:
    """The state at once, then after changes; `context` is renewed before each, so that all below it is read anew."""
    context.is_watching = True
    async with _heard(context, feed.is_touched) as (heard, listening):
        while True:
            # What arrives from here on may not be in what is read now.
            heard.clear()
            if listening.done():
                # CursorExpired: events are gone unheard, and one of them may have ended the viewer's access.
                await listening
            context.renew()
            state = await feed.read(context)
            if state is not None:
                yield state
            if feed.ends_without if state is None else feed.is_last(state):
                return
            await asyncio.sleep(feed.pause)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(feed.look_again, _seconds_until(context.turns_at))):
                    await heard.wait()


def _seconds_until(moment: datetime) -> float:
    # The clock of the event loop and that of the calendar may differ by less than what instants are cut to.
    return max(0.0, (moment - utc_now()).total_seconds()) + _A_LITTLE


@asynccontextmanager
async def _heard(
    context: Context, is_touched: Callable[[FeedEvent], bool]
) -> AsyncIterator[tuple[asyncio.Event, "asyncio.Task[None]"]]:
    """Set by each event that touches, and where the hearing fails, for as long as the block runs."""
    heard = asyncio.Event()
    listening = asyncio.create_task(_listen(context, is_touched, heard))
    listening.add_done_callback(lambda _: heard.set())
    try:
        yield heard, listening
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _listen(context: Context, is_touched: Callable[[FeedEvent], bool], heard: asyncio.Event) -> None:
    feed: Any = context.feed
    async with aclosing(feed.follow(context.scope.partner_id, feed.position)) as stretches:
        async for stretch in stretches:
            if any(map(is_touched, stretch.events)):
                heard.set()
