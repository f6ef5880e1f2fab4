"""The indexes of a process: which partners have one, how much memory they take, and when they may answer.

An index is built in the background when a total or facets of its partner are requested; until it is ready, MongoDB
answers. Afterwards it answers a request if the feed is fresh and has everything that the caller may have seen: the
change that the caller names, and every change of this process. It is dropped where the feed missed events.
"""

import asyncio
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TypeVar

from prometheus_client import Counter, Gauge

from domain.customers.conditions import AllOf, Condition
from store.customers.facets import CustomerFacets
from store.database.client import Client, PyMongoError
from store.database.scope import Scope
from store.feed.events import FeedEvent
from store.feed.observed_feed import ObservedFeed

if TYPE_CHECKING:
    from store.counts.live_index import LiveIndex

Result = TypeVar("Result")
_COUNTS = Counter("partnerhub_counts", "Totals and facets that were counted, by where", ["source"])
_BYTES = Gauge("partnerhub_index_bytes", "Memory of the indexes for totals and facets", multiprocess_mode="livesum")
# The feed is usually milliseconds behind. A change further ahead is not waited for.
_WAIT_SECONDS, _MAX_LAG_SECONDS = 0.05, 2
# A partner whose index took too much memory, or failed, is tried again after this time.
_REFUSAL_SECONDS = 600.0
# Two partners whose indexes do not fit together must not evict each other with every request.
_EVICTION_SECONDS = 60.0
_MAX_REFUSALS = 10_000
_INDEX_MODULE = "store.counts.live_index"


class AwaitedFeed(ObservedFeed, Protocol):
    """A feed that can also be waited for."""

    async def wait_until_reached(self, time: int, seconds: float) -> bool: ...


class LiveIndexes:
    """The indexes of the partners that used one last; together they take at most `max_bytes`, 0 for no index."""

    def __init__(self, client: Client, feed: AwaitedFeed, max_bytes: int) -> None:
        self._client = client
        self._feed = feed
        self._max_bytes = max_bytes
        # The partner that used its index last comes last.
        self._ready: dict[str, LiveIndex] = {}
        self._building: LiveIndex | None = None
        self._build_task: asyncio.Task[None] | None = None
        self._refused_until: dict[str, float] = {}
        feed.listeners.append(self._on_event)
        feed.gap_listeners.append(self._on_gap)

    @property
    def bytes(self) -> int:
        """An estimate of the memory of all indexes."""
        return sum(index.bytes for index in self._ready.values())

    async def count(self, scope: Scope, condition: Condition, after_operation_time: int) -> int | None:
        """Return the number of visible customers that match; None where no index may answer."""
        index = await self._current_index(scope.partner_id, after_operation_time)
        return _counted(None if index is None else await index.count(scope, condition))

    async def facets(self, scope: Scope, condition: AllOf, after_operation_time: int) -> CustomerFacets | None:
        """Return the facets of the visible customers that match; None where no index may answer."""
        index = await self._current_index(scope.partner_id, after_operation_time)
        return _counted(None if index is None else await index.facets(scope, condition))

    async def stop(self) -> None:
        """Drop all indexes, and end their reads."""
        self._max_bytes = 0
        if self._build_task is not None:
            self._build_task.cancel()
            await asyncio.wait({self._build_task})
        for index in list(self._ready.values()):
            await index.stop()
        self._ready.clear()

    async def _current_index(self, partner_id: str, after_operation_time: int) -> "LiveIndex | None":
        """Return the partner's index where it may answer the caller."""
        index = self._use(partner_id)
        _BYTES.set(self.bytes)
        return index if index is not None and await self._is_current(after_operation_time) else None

    def _use(self, partner_id: str) -> "LiveIndex | None":
        """Return the partner's index; without one, begin to build it and return None."""
        index = self._ready.pop(partner_id, None)
        if index is not None and not index.is_dropped:
            self._ready[partner_id] = index
            self._evict()
            return index
        may_build = self._max_bytes and self._build_task is None and self._feed.is_fresh
        if may_build and self._refused_until.get(partner_id, 0.0) < monotonic():
            self._build_task = asyncio.create_task(self._build(partner_id), name="customer index")
        return None

    async def _is_current(self, after_operation_time: int) -> bool:
        """Whether the feed has everything that the caller and this process have changed."""
        time = max(after_operation_time, self._client.last_commit)
        if (time - self._feed.position.time) >> 32 > _MAX_LAG_SECONDS:
            return False
        return await self._feed.wait_until_reached(time, _WAIT_SECONDS) and self._feed.is_fresh

    async def _build(self, partner_id: str) -> None:
        try:
            index = await self._read_index(partner_id)
        finally:
            self._building = self._build_task = None
        if index is None:
            self._refuse(partner_id, _REFUSAL_SECONDS)
        elif not index.is_dropped:
            self._ready[partner_id] = index
            self._evict()

    async def _read_index(self, partner_id: str) -> "LiveIndex | None":
        """Return a new index; None where it takes too much memory or MongoDB fails."""
        # Imported here, because bitmaps and columns take two megabytes; in a thread, because that takes a while.
        module = await asyncio.to_thread(import_module, _INDEX_MODULE)
        index: LiveIndex = module.LiveIndex(self._client, partner_id)
        self._building = index
        try:
            return index if await index.build(self._max_bytes) else None
        except PyMongoError:
            return None

    def _refuse(self, partner_id: str, seconds: float) -> None:
        if len(self._refused_until) >= _MAX_REFUSALS:
            self._refused_until.clear()
        self._refused_until[partner_id] = monotonic() + seconds

    def _evict(self) -> None:
        """Drop the indexes that were not used for the longest time, until the others fit."""
        while self.bytes > self._max_bytes:
            index = self._ready.pop(next(iter(self._ready)))
            index.is_dropped = True
            self._refuse(index.partner_id, _EVICTION_SECONDS)

    def _on_event(self, event: FeedEvent) -> None:
        customer_id = event.document.get("customer_id")
        if customer_id is None:
            return
        for index in (self._ready.get(event.partner_id), self._building):
            if index is not None and index.partner_id == event.partner_id:
                index.mark_changed(customer_id)

    def _on_gap(self) -> None:
        """Drop everything: the customers of the missed events are unknown."""
        for index in self._ready.values():
            index.is_dropped = True
        self._ready.clear()
        if self._building is not None:
            self._building.is_dropped = True


def _counted(answer: Result | None) -> Result | None:
    _COUNTS.labels("database" if answer is None else "memory").inc()
    return answer
