"""The index of one partner, kept current: events name the customers that changed, which are then read again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from time import monotonic
from typing import TypeVar

from domain.customers.conditions import AllOf, Condition
from domain.customers.keys import ALL_CUSTOMERS_KEY
from store.counts.condition_bitmaps import count_facets, count_matches
from store.counts.counted_customer import PROJECTION, CountedCustomer
from store.counts.customer_index import CustomerIndex
from store.counts.segments import Segment, merge_in_steps
from store.customers.customers import EXTERNAL_ID_INDEX
from store.customers.facets import CustomerFacets
from store.customers.queries import COLLECTION
from store.database.client import Client, Document
from store.database.scope import Scope
from store.database.turns import Turns

Result = TypeVar("Result")
_PAGE_SIZE = 200
_READ_AT_ONCE = 100
# Customers of a segment while the index is built. To sort one of its columns takes up to five milliseconds; each search
# and window looks into all segments.
_SEGMENT_SIZE = 5_000
# While an index is used, changed customers are read at once, so that a request waits for few of them.
_IN_USE_SECONDS = 60.0
# An index that nobody uses collects the ids of this many changed customers.
_MAX_CHANGED = 20_000


class LiveIndex:
    """The index, and the customers that changed after they were read.

    A document is read after the event that names it, so it shows at least that change.
    """

    def __init__(self, client: Client, partner_id: str) -> None:
        self.partner_id = partner_id
        self.is_dropped = False
        self.bytes = 0
        self._is_built = False
        self._customers = client.collection(COLLECTION)
        self._index = CustomerIndex()
        # Held by who reads the index in turns, and by who changes it.
        self._lock = asyncio.Lock()
        # The number of the latest change of each customer that is to be read again, in the order of these numbers.
        self._changed: dict[str, int] = {}
        self._change_count = 0
        self._reading: asyncio.Task[None] | None = None
        self._merging: asyncio.Task[None] | None = None
        self._used_at = monotonic()

    @property
    def changed_count(self) -> int:
        """The number of customers that are to be read again."""
        return len(self._changed)

    def mark_changed(self, customer_id: str) -> None:
        """Read the customer again before the next answer."""
        self._change_count += 1
        self._changed.pop(customer_id, None)
        self._changed[customer_id] = self._change_count
        if len(self._changed) > _MAX_CHANGED:
            self.is_dropped = True
        self._keep_current()

    async def build(self, max_bytes: int) -> bool:
        """Read all customers of the partner; return whether they take no more memory than this."""
        last_external_id, turns = "", Turns()
        while not self.is_dropped:
            page = await self._read_page(last_external_id)
            for document in page:
                self._index.put_unread(document["_id"], CountedCustomer.from_document(document))
                await turns.pause_when_due()
            await asyncio.sleep(0)
            await self._finish_segment(_SEGMENT_SIZE)
            if len(page) < _PAGE_SIZE:
                break
            last_external_id = page[-1]["external_id"]
            if self._index.bytes > max_bytes:
                return False
        await self._finish_segment(1)
        self.bytes = self._index.bytes
        self._is_built = True
        return self.bytes <= max_bytes

    async def _finish_segment(self, size: int) -> None:
        for _ in self._index.finish_in_steps(size):
            await asyncio.sleep(0)

    async def count(self, scope: Scope, condition: Condition) -> int | None:
        """Return the number of visible customers that match; None for a dropped index."""
        return await self._answer(lambda: count_matches(self._index, scope, condition))

    async def facets(self, scope: Scope, condition: AllOf) -> CustomerFacets | None:
        """Return the facets of the visible customers that match; None for a dropped index."""
        return await self._answer(lambda: count_facets(self._index, scope, condition))

    async def _answer(self, compute: Callable[[], Awaitable[Result]]) -> Result | None:
        """Compute from the index with all changes until now."""
        self._used_at, until = monotonic(), self._change_count
        while not self.is_dropped and self._changed and next(iter(self._changed.values())) <= until:
            await asyncio.shield(self._begin_reading())
        async with self._lock:
            return None if self.is_dropped else await compute()

    async def stop(self) -> None:
        """Drop the index, and wait for a read that has begun."""
        self.is_dropped = True
        running = {task for task in (self._reading, self._merging) if task is not None}
        if running:
            await asyncio.wait(running)

    def _keep_current(self) -> None:
        is_in_use = self._is_built and monotonic() - self._used_at < _IN_USE_SECONDS
        if self._changed and is_in_use and not self.is_dropped:
            self._begin_reading()

    def _begin_reading(self) -> asyncio.Task[None]:
        """Return the task that reads the next changed customers."""
        # An ended task whose callback has not run yet must not be awaited again: that would never let the callback run.
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_changed())
            self._reading.add_done_callback(self._end_reading)
        return self._reading

    def _end_reading(self, reading: asyncio.Task[None]) -> None:
        if self._reading is reading:
            self._reading = None
        if reading.cancelled() or reading.exception() is not None:
            self.is_dropped = True
        self._keep_current()

    async def _read_changed(self) -> None:
        changed = dict(islice(self._changed.items(), _READ_AT_ONCE))
        where = {"partner_id": self.partner_id, "_id": {"$in": list(changed)}, "keys": ALL_CUSTOMERS_KEY}
        found = {document["_id"]: document for document in await self._customers.find(where, PROJECTION)}
        async with self._lock:
            for id_, number in changed.items():
                if id_ in found:
                    self._index.put(id_, CountedCustomer.from_document(found[id_]))
                else:
                    self._index.remove(id_)
                if self._changed[id_] == number:
                    del self._changed[id_]
            if self._index.settle():
                self.bytes = self._index.bytes
                self.is_dropped = self.is_dropped or self._index.is_worn
        self._keep_merged()

    def _keep_merged(self) -> None:
        if self._merging is None and not self.is_dropped and (small := self._index.find_small_segments()):
            self._merging = asyncio.create_task(self._merge(small))
            self._merging.add_done_callback(self._end_merging)

    async def _merge(self, segments: Sequence[Segment]) -> None:
        """Merge segments, which are read and changed meanwhile."""
        merging, turns = merge_in_steps(segments), Turns()
        merged: Segment | None = None
        while merged is None and not self.is_dropped:
            try:
                next(merging)
            except StopIteration as ended:
                merged = ended.value
            await turns.pause_when_due()
        if merged is not None:
            async with self._lock:
                self._index.replace_segments(segments, merged)
                self.bytes = self._index.bytes

    def _end_merging(self, merging: asyncio.Task[None]) -> None:
        self._merging = None
        if merging.cancelled() or merging.exception() is not None:
            self.is_dropped = True
        self._keep_merged()

    async def _read_page(self, last_external_id: str) -> list[Document]:
        where = {"partner_id": self.partner_id, "external_id": {"$gt": last_external_id}, "keys": ALL_CUSTOMERS_KEY}
        order = [("external_id", 1)]
        return await self._customers.find(where, PROJECTION, sort=order, limit=_PAGE_SIZE, hint=EXTERNAL_ID_INDEX)
