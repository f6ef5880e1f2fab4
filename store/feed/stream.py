"""The one change stream of a process on `events`: opened some minutes back, read for good, reopened when it breaks."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from time import monotonic
from typing import Any

from domain.cursors.feed import Position
from store.database.client import ChangeStream, Client, Document, OperationFailure, PyMongoError
from store.database.clock import utc_now
from store.events.log import COLLECTION
from store.feed.events import FeedEvent, cluster_time, timestamp, token_time

# How long the server holds a read that finds nothing: each empty answer is also a sign of life.
MAX_AWAIT_MS = 250
_MIN_RETRY_SECONDS, _MAX_RETRY_SECONDS = 0.02, 1.0
_HISTORY_LOST_CODES = frozenset({286, 136, 280, 260})
INSERT_FILTER: Mapping[str, Any] = {"operationType": "insert"}


def is_history_lost(error: PyMongoError) -> bool:
    """Whether the database can no longer go on from where a stream stood."""
    return isinstance(error, OperationFailure) and error.code in _HISTORY_LOST_CODES


def open_stream(client: Client, where: Mapping[str, Any], **start: Any) -> ChangeStream:
    """A stream of the inserted events that match."""
    pipeline: Sequence[Mapping[str, Any]] = [{"$match": {**INSERT_FILTER, **where}}]
    return client.watch(COLLECTION, pipeline, max_await_time_ms=MAX_AWAIT_MS, **start)


async def read_operation_time(client: Client) -> int:
    """The cluster time that the database has reached."""
    return cluster_time((await client.command({"ping": 1}))["operationTime"])


class EventStream:
    """Reads events for as long as it runs; everything it finds goes to three callbacks, in order.

    `on_start(position)`: what follows is whole behind the position, what was before is unknown.
    `on_event(event)`: the next event. `on_reached(position)`: read up to here.
    `next_response` is set by the next answer of the database, with whatever it brought already told.
    `open_count` counts how often it was opened; `lag` is how old its newest event was when it came, in seconds.
    """

    def __init__(
        self,
        client: Client,
        history_seconds: int,
        on_start: Callable[[Position], None],
        on_event: Callable[[FeedEvent], None],
        on_reached: Callable[[Position], None],
    ) -> None:
        self._client = client
        self._history_seconds = history_seconds
        self._on_start, self._on_event, self._on_reached = on_start, on_event, on_reached
        self._token: Document | None = None
        self._is_stopping = False
        self.last_response_at = float("-inf")
        self.caught_up = asyncio.Event()
        self.next_response = asyncio.Event()
        self.open_count = 0
        self.lag = 0.0

    async def run(self) -> None:
        """Reads until `stop`; whatever goes wrong with the database is waited out."""
        pause = _MIN_RETRY_SECONDS
        while not self._is_stopping:
            try:
                await self._read()
            except PyMongoError as error:
                if is_history_lost(error):
                    # Somewhat less far back, until the database remembers that far.
                    self._token, self._history_seconds, pause = None, self._history_seconds // 4, _MIN_RETRY_SECONDS
            if monotonic() - self.last_response_at < _MAX_RETRY_SECONDS:
                pause = _MIN_RETRY_SECONDS
            await asyncio.sleep(pause)
            pause = min(_MAX_RETRY_SECONDS, pause * 2)

    def stop(self) -> None:
        """Lets `run` end after the read that is under way."""
        self._is_stopping = True

    async def _read(self) -> None:
        stream, start, goal = await self._open_at_position()
        try:
            batch = await stream.open()
            self.open_count += 1
            if start is not None:
                self._on_start(start)
            while not self._is_stopping:
                self._process_batch(batch, stream.resume_token, goal)
                if not stream.is_alive:
                    self._token, self._history_seconds = None, 0
                    return
                batch = await stream.next_batch()
        finally:
            await stream.close()

    async def _open_at_position(self) -> tuple[ChangeStream, Position | None, int]:
        """The stream from the saved token, or else from a start some minutes back; and when it has caught up."""
        goal = await read_operation_time(self._client)
        if self._token is not None:
            return open_stream(self._client, {}, resume_after=self._token), None, goal
        # One step further, so that a collection's drop, being the newest thing there is, does not end this stream too.
        start = goal + 1 - (self._history_seconds << 32)
        return open_stream(self._client, {}, start_at_operation_time=timestamp(start)), Position(start), goal

    def _process_batch(self, batch: Sequence[Document], token: Document | None, goal: int) -> None:
        self.last_response_at = monotonic()
        beat, self.next_response = self.next_response, asyncio.Event()
        beat.set()
        for event in parse_changes(batch):
            self._on_event(event)
        if batch and "wallTime" in batch[-1]:
            self.lag = max(0.0, (utc_now() - batch[-1]["wallTime"]).total_seconds())
        if token is None:
            return
        self._token = token
        reached = token_time(token)
        self._on_reached(Position(reached))
        if reached >= goal:
            self.caught_up.set()


def parse_changes(batch: Sequence[Document]) -> list[FeedEvent]:
    """The events of a batch. RuntimeError where their tokens do not sort as the stream does.

    Everything here rests on that order, and MongoDB does not promise it: better no feed than one with holes.
    """
    events = [FeedEvent.from_change(change) for change in batch]
    if any(later.position <= earlier.position for earlier, later in pairwise(events)):
        raise RuntimeError("The resume tokens of this MongoDB do not sort as its change stream does.")
    return events
