"""The one change stream of a process on `events`: opened some minutes back, read for good, reopened when it breaks."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from inspect import isawaitable
from time import monotonic
from typing import Any

from domain.feed_cursors import Position
from store.client import ChangeStream, Client, Document, OperationFailure, PyMongoError
from store.events import COLLECTION
from store.feed_events import FeedEvent, cluster_time, time_of_token, timestamp

# How long the server holds a read that finds nothing: each empty answer is also a sign of life.
HOLD_MS = 250
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0
_GONE_CODES = frozenset({286, 136, 280, 260})
INSERTS: Mapping[str, Any] = {"operationType": "insert"}


def is_history_lost(error: PyMongoError) -> bool:
    """Whether the database can no longer go on from where a stream stood."""
    return isinstance(error, OperationFailure) and error.code in _GONE_CODES


def open_stream(client: Client, where: Mapping[str, Any], **start: Any) -> ChangeStream:
    """A stream of the inserted events that match."""
    pipeline: Sequence[Mapping[str, Any]] = [{"$match": {**INSERTS, **where}}]
    return client.watch(COLLECTION, pipeline, max_await_time_ms=HOLD_MS, **start)


def is_ended(stream: ChangeStream) -> bool:
    """Whether the server closed the stream (its collection was dropped): reading it would answer nothing at once."""
    return not stream._stream.alive


async def whole_batch(stream: ChangeStream, first: Document | None) -> list[Document]:
    """The first change and all that came in the same answer of the server.

    They lie in the driver's memory. Asking motor for each would take a thread and some tenths of a millisecond
    apiece, and a bulk import writes thousands; so they are taken from the stream that it wraps.
    """
    if first is None:
        return []
    inner: Any = getattr(stream._stream, "delegate", stream._stream)
    batch = [first]
    while inner._cursor._has_next():
        change = inner.try_next()
        batch.append(await change if isawaitable(change) else change)
    return batch


async def operation_time(client: Client) -> int:
    """The cluster time that the database has reached."""
    return cluster_time((await client.command({"ping": 1}))["operationTime"])


class EventStream:
    """Reads events for as long as it runs; everything it finds goes to three callbacks, in order.

    `on_start(position)`: what follows is whole behind the position, what was before is unknown.
    `on_event(event)`: the next event. `on_reached(position)`: read up to here.
    """

    def __init__(
        self,
        client: Client,
        back_seconds: int,
        on_start: Callable[[Position], None],
        on_event: Callable[[FeedEvent], None],
        on_reached: Callable[[Position], None],
    ) -> None:
        self._client = client
        self._back_seconds = back_seconds
        self._on_start, self._on_event, self._on_reached = on_start, on_event, on_reached
        self._token: Document | None = None
        self._is_stopping = False
        self.heard_at = float("-inf")
        self.caught_up = asyncio.Event()

    async def run(self) -> None:
        """Reads until `stop`; whatever goes wrong with the database is waited out."""
        pause = _FIRST_PAUSE
        while not self._is_stopping:
            try:
                await self._read()
            except PyMongoError as error:
                if is_history_lost(error):
                    # Somewhat less far back, until the database remembers that far.
                    self._token, self._back_seconds, pause = None, self._back_seconds // 4, _FIRST_PAUSE
            if monotonic() - self.heard_at < _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)

    def stop(self) -> None:
        """Lets `run` end after the read that is under way."""
        self._is_stopping = True

    async def _read(self) -> None:
        stream, goal = await self._positioned()
        try:
            change = await stream.open()
            while not self._is_stopping:
                self._take(await whole_batch(stream, change), stream.resume_token, goal)
                if is_ended(stream):
                    self._token, self._back_seconds = None, 0
                    return
                change = await stream.try_next()
        finally:
            await stream.close()

    async def _positioned(self) -> tuple[ChangeStream, int]:
        """The stream from the saved token, or else from some minutes back; and the time that it must catch up with."""
        goal = await operation_time(self._client)
        if self._token is not None:
            return open_stream(self._client, {}, resume_after=self._token), goal
        # One step further, so that a collection's drop, being the newest thing there is, does not end this stream too.
        start = goal + 1 - (self._back_seconds << 32)
        stream = open_stream(self._client, {}, start_at_operation_time=timestamp(start))
        self._on_start(Position(start))
        return stream, goal

    def _take(self, batch: Sequence[Document], token: Document | None, goal: int) -> None:
        self.heard_at = monotonic()
        for change in batch:
            self._on_event(FeedEvent.of(change))
        if token is None:
            return
        self._token = token
        reached = time_of_token(token)
        self._on_reached(Position(reached))
        if reached >= goal:
            self.caught_up.set()
