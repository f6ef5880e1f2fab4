"""The change stream of a process on `events`: opened some minutes back, and reopened after failures."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from time import monotonic
from typing import Any

from domain.cursors.feed import Position
from store.database.change_stream import ChangeStream
from store.database.client import Client, Document, OperationFailure, PyMongoError
from store.database.clock import utc_now
from store.events.log import COLLECTION
from store.feed.events import FeedEvent, cluster_time, timestamp, token_time

# How long MongoDB waits for an event before it answers with an empty batch, which shows that it still answers.
MAX_AWAIT_MS = 250
# MongoDB's first answer has 101 changes otherwise. It would end within a transaction of more: the stream would have
# been read up to the time of that transaction, without all of its events. Now only the 16 MB of an answer limit it.
_BATCH_SIZE = 1_000_000
_MAX_AWAIT_SECONDS = MAX_AWAIT_MS / 1000
_MIN_RETRY_SECONDS, _MAX_RETRY_SECONDS = 0.02, 1.0
_HISTORY_LOST_CODES = frozenset({286, 136, 280, 260})
INSERT_FILTER: Mapping[str, Any] = {"operationType": "insert"}


def is_history_lost(error: PyMongoError) -> bool:
    """Return whether the database cannot continue a stream from its token."""
    return isinstance(error, OperationFailure) and error.code in _HISTORY_LOST_CODES


def open_stream(client: Client, where: Mapping[str, Any], **start: Any) -> ChangeStream:
    """Return a stream of the inserted events that match."""
    pipeline: Sequence[Mapping[str, Any]] = [{"$match": {**INSERT_FILTER, **where}}]
    return client.watch(COLLECTION, pipeline, max_await_time_ms=MAX_AWAIT_MS, **start)


async def read_operation_time(client: Client) -> int:
    """Return the current cluster time of the database."""
    return cluster_time((await client.command({"ping": 1}))["operationTime"])


class EventStream:
    """Reads events until it is stopped, and passes them to three callbacks, in order.

    `on_start(position)`: the stream is complete after the position; earlier events are unknown.
    `on_event(event)`: the next event. `on_reached(position)`: the stream has been read up to the position.
    `next_response` is set by the next answer of the database. `open_count` is how often the stream was opened;
    `lag` is the age of the newest event when it was read, in seconds.
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
        """Read until `stop`; retry after failures of the database."""
        pause = _MIN_RETRY_SECONDS
        while not self._is_stopping:
            try:
                await self._read()
            except PyMongoError as error:
                if is_history_lost(error):
                    # Start less far back, until the oplog reaches that far.
                    self._token, self._history_seconds, pause = None, self._history_seconds // 4, _MIN_RETRY_SECONDS
            if monotonic() - self.last_response_at < _MAX_RETRY_SECONDS:
                pause = _MIN_RETRY_SECONDS
            await asyncio.sleep(pause)
            pause = min(_MAX_RETRY_SECONDS, pause * 2)

    def stop(self) -> None:
        """Let `run` end after the current read."""
        self._is_stopping = True

    async def _read(self) -> None:
        stream, start, current_time = await self._open_at_position()
        asked_at = monotonic()
        try:
            batch = await stream.open()
            self.open_count += 1
            if start is not None:
                self._on_start(start)
            while not self._is_stopping:
                self._record_response(asked_at)
                self._process_batch(batch, stream.resume_token, current_time)
                if not stream.is_alive:
                    self._token, self._history_seconds = None, 0
                    return
                asked_at = monotonic()
                batch = await stream.next_batch()
        finally:
            await stream.close()

    async def _open_at_position(self) -> tuple[ChangeStream, Position | None, int]:
        """Return the stream, its start position (None where it resumes from the saved token), and the cluster time."""
        current_time = await read_operation_time(self._client)
        if self._token is not None:
            return open_stream(self._client, {}, resume_after=self._token, batch_size=_BATCH_SIZE), None, current_time
        # Plus one: a drop of the collection at exactly this time would end the new stream as well.
        start = current_time + 1 - (self._history_seconds << 32)
        stream = open_stream(self._client, {}, start_at_operation_time=timestamp(start), batch_size=_BATCH_SIZE)
        return stream, Position(start), current_time

    def _record_response(self, asked_at: float) -> None:
        # A process that was paused finds an answer from before the pause, which shows no event that came since.
        self.last_response_at = min(monotonic(), asked_at + _MAX_AWAIT_SECONDS)
        # Waiters run after the batch was processed.
        response, self.next_response = self.next_response, asyncio.Event()
        response.set()

    def _process_batch(self, batch: Sequence[Document], token: Document | None, caught_up_at: int) -> None:
        for event in parse_changes(batch):
            self._on_event(event)
        if batch and "wallTime" in batch[-1]:
            self.lag = max(0.0, (utc_now() - batch[-1]["wallTime"]).total_seconds())
        if token is None:
            return
        self._token = token
        reached = token_time(token)
        self._on_reached(Position(reached))
        if reached >= caught_up_at:
            self.caught_up.set()


def parse_changes(batch: Sequence[Document]) -> list[FeedEvent]:
    """Return the events of a batch; raise RuntimeError where their tokens do not sort in the order of the stream.

    Cursors rely on that order, which MongoDB does not document: without it, a feed would lose events.
    """
    events = [FeedEvent.from_change(change) for change in batch]
    if any(later.position <= earlier.position for earlier, later in pairwise(events)):
        raise RuntimeError("The resume tokens of this MongoDB do not sort as its change stream does.")
    return events
