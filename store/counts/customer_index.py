"""The index of a partner's customers: a bitmap for each key, and segments of sorted values.

Customers that changed recently are few; they are matched one by one, until they form a segment of their own.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from typing import cast

from pyroaring import BitMap

from domain.customers.conditions import Condition, HasKey
from domain.customers.keys import ALL_CUSTOMERS_KEY
from store.counts.counted_customer import CountedCustomer
from store.counts.ordinals import Ordinals
from store.counts.segments import Segment, SegmentBuilder, SortedCondition
from store.database.scope import Scope

# Beyond this number, recent customers form a segment: matching them one by one would take two milliseconds.
RECENT_CUSTOMERS = 128
# Each word and window is looked up in every segment: as many of similar size become one. Segments lose owners that
# change, so that each becomes small some time; a changed customer is merged about twice.
_MERGED_AT_ONCE, _SMALL_SIZES = 8, ((0, 1_000), (1_000, 4_000))
# To sort a column of more customers would take too long at once.
_MAX_MERGED = 8_000
# An index with more segments is built anew: its customers change faster than segments can be merged.
_MAX_SEGMENTS = 300
_BITMAP_BYTES = 160
_NOBODY = BitMap()


class CustomerIndex:
    """The customers of one partner that exist. It never waits; who changes it must not interrupt who reads it."""

    def __init__(self) -> None:
        self._ordinals = Ordinals()
        self._bitmaps: dict[str, BitMap] = {ALL_CUSTOMERS_KEY: BitMap()}
        self._segments: list[Segment] = []
        self._recent: dict[int, CountedCustomer] = {}
        self._builder = SegmentBuilder()
        self._access_until: dict[int, dict[str, datetime]] = {}

    @property
    def everyone(self) -> BitMap:
        """All customers; not to be changed."""
        return self._bitmaps[ALL_CUSTOMERS_KEY]

    @property
    def is_worn(self) -> bool:
        """Return whether a new index takes less memory and time, because many customers have changed."""
        customers, in_segments = len(self.everyone), sum(segment.size for segment in self._segments)
        return in_segments > 2 * customers + 10_000 or len(self._segments) > _MAX_SEGMENTS

    @property
    def bytes(self) -> int:
        """An estimate of the memory; it takes a millisecond for a large partner."""
        bitmaps = sum(map(_bitmap_bytes, self._bitmaps.values()))
        segments = sum(segment.bytes for segment in self._segments)
        return self._ordinals.bytes + bitmaps + segments + 4_000 * len(self._recent) + 300 * len(self._access_until)

    def put(self, id_: str, customer: CountedCustomer) -> None:
        """Add a customer, or replace its values."""
        self._recent[self._put_keys(id_, customer)] = customer

    def put_unread(self, id_: str, customer: CountedCustomer) -> None:
        """Put one of many customers; none of them is found before `finish_segment`."""
        # First the keys: they begin a new segment for a customer that is in this one already.
        ordinal = self._put_keys(id_, customer)
        self._builder.add(ordinal, customer)

    def _put_keys(self, id_: str, customer: CountedCustomer) -> int:
        ordinal = self._ordinals.find(id_)
        if ordinal is None:
            ordinal = self._ordinals.add(id_)
        else:
            self._forget(ordinal)
        for key in customer.values.keys:
            bitmap = self._bitmaps.get(key)
            if bitmap is None:
                bitmap = self._bitmaps[key] = BitMap()
            bitmap.add(ordinal)
        if customer.access_until:
            self._access_until[ordinal] = dict(customer.access_until)
        return ordinal

    def remove(self, id_: str) -> None:
        """Remove a customer; do nothing where there is none."""
        ordinal = self._ordinals.find(id_)
        if ordinal is not None:
            self._forget(ordinal)

    def _forget(self, ordinal: int) -> None:
        if ordinal in self._builder.ordinals:
            self.finish_segment()
        if self._recent.pop(ordinal, None) is None:
            for segment in self._segments:
                segment.owners.discard(ordinal)
        for bitmap in self._bitmaps.values():
            bitmap.discard(ordinal)
        self._access_until.pop(ordinal, None)

    def settle(self, limit: int = RECENT_CUSTOMERS) -> bool:
        """Form a segment of the recent customers where there are more than the limit; return whether there are."""
        if len(self._recent) <= limit:
            return False
        for ordinal, customer in self._recent.items():
            self._builder.add(ordinal, customer)
        self._recent = {}
        self.finish_segment()
        return True

    def finish_segment(self) -> None:
        """Form a segment of the unread customers where there are any."""
        for _ in self.finish_in_steps():
            pass

    def finish_in_steps(self, size: int = 1) -> Iterator[None]:
        """Form a segment of the unread customers where there are that many; change nothing between the steps."""
        if len(self._builder.ordinals) >= size:
            segment = yield from self._builder.finish_in_steps()
            self._segments.append(segment)
            self._builder = SegmentBuilder()

    def find_small_segments(self) -> Sequence[Segment]:
        """Return segments of similar size that should become one; none where there are few."""
        by_size = sorted(self._segments, key=_owner_count)
        for least, limit in _SMALL_SIZES:
            small = [segment for segment in by_size if least <= len(segment.owners) < limit]
            if len(small) >= _MERGED_AT_ONCE:
                sizes = accumulate(map(_owner_count, small))
                return [segment for segment, size in zip(small, sizes, strict=True) if size <= _MAX_MERGED]
        return []

    def replace_segments(self, segments: Collection[Segment], merged: Segment) -> None:
        """Replace segments by one that was merged of them; some of their owners may have changed since."""
        merged.owners = BitMap.union(_NOBODY, *(segment.owners for segment in segments))
        self._segments = [*(segment for segment in self._segments if segment not in segments), merged]

    def with_key(self, key: str) -> BitMap:
        """Return the customers that have the key; not to be changed."""
        return self._bitmaps.get(key, _NOBODY)

    def keys_of(self, prefix: str) -> list[str]:
        """Return the keys with this start that some customer has or had."""
        return [key for key in self._bitmaps if key.startswith(prefix)]

    def find(self, condition: Condition, now: datetime) -> BitMap:
        """Return the customers that match a condition without parts; not to be changed."""
        if isinstance(condition, HasKey):
            bitmaps = [self._bitmaps[key] for key in condition.keys if key in self._bitmaps]
            return bitmaps[0] if len(bitmaps) == 1 else BitMap.union(_NOBODY, *bitmaps)
        found = BitMap(ordinal for ordinal, customer in self._recent.items() if customer.matches(condition, now))
        for segment in self._segments:
            found |= segment.find(cast(SortedCondition, condition), now)
        return found

    def visible_in(self, scope: Scope) -> BitMap:
        """Return the customers that the scope's viewer sees; not to be changed."""
        visible = self.with_key(scope.visibility_key)
        if scope.visibility_key == ALL_CUSTOMERS_KEY:
            return visible
        administrator_id = str(scope.administrator_id)
        ended = (
            ordinal
            for ordinal, ends in self._access_until.items()
            if administrator_id in ends and ends[administrator_id] <= scope.now
        )
        return visible - BitMap(ended)


def _owner_count(segment: Segment) -> int:
    return len(segment.owners)


def _bitmap_bytes(bitmap: BitMap) -> int:
    of = bitmap.get_statistics()
    containers = of["n_bytes_array_containers"] + of["n_bytes_run_containers"] + of["n_bytes_bitset_containers"]
    return int(containers) + _BITMAP_BYTES
