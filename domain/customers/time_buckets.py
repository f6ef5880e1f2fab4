"""Buckets of time: the keys by which customers with an instant in a window are read.

An instant is in one bucket of each size. A window is covered by few buckets: large ones inside, small ones at its
edges. The buckets only narrow the customers that are read: they extend beyond the window, and the instants decide.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from domain.customers.key_dimensions import (
    CREATION_BUCKETS,
    EXPIRY_BUCKETS,
    RENEWAL_BUCKETS,
    SIGN_IN_BUCKETS,
    BucketDimensions,
)

_EPOCH = datetime(1970, 1, 1)
_HOUR = timedelta(hours=1)
_LONG_WINDOW = timedelta(days=120)
# Instants outside are in the first or the last bucket: so a window without a start or an end has few buckets.
_EARLIEST, _LATEST = datetime(2010, 1, 1), datetime(2042, 1, 1)


class TimeBuckets(Struct, frozen=True):
    """Buckets of several sizes, by their hours in ascending order; each size is a multiple of the one before."""

    dimensions: BucketDimensions
    is_clamped: bool = False

    def keys(self, instants: Iterable[datetime]) -> list[str]:
        """Return the keys of the buckets that the instants are in, sorted and distinct."""
        hours = {self._hour(instant) for instant in instants}
        return sorted({self._key(size, hour // size) for hour in hours for size in self.dimensions})

    def window_keys(self, first: datetime, last: datetime) -> list[str]:
        """Return the smallest set of buckets that covers the window, both ends included."""
        smallest, *_ = sizes = tuple(self.dimensions)
        start, end = self._hour(first) // smallest * smallest, self._hour(last) // smallest * smallest + smallest - 1
        return sorted(self._cover(start, end, sizes))

    def coarse_window_keys(self, first: datetime, last: datetime) -> list[str]:
        """Return few buckets that cover the window and extend beyond it by at most its length."""
        return self._for_length(last - first).window_keys(first, last)

    def open_window_keys(self, since: datetime | None, until: datetime | None, now: datetime) -> list[str]:
        """Return few buckets for a window that may have no start or no end; only for clamped buckets."""
        if since is not None and until is not None:
            return self.coarse_window_keys(since, until)
        largest = max(self.dimensions)
        bound = since or until
        if bound is None:
            return self.at_least(largest).window_keys(_EARLIEST, _LATEST)
        # The length is measured from the bound to now, because values in the future are rare.
        length = min(abs(now - bound), largest * _HOUR)
        return self._for_length(length).window_keys(since or _EARLIEST, until or _LATEST)

    def at_least(self, hours: int) -> Self:
        """Return the buckets of this size and above."""
        return replace(self, dimensions={size: found for size, found in self.dimensions.items() if size >= hours})

    def _for_length(self, window: timedelta) -> Self:
        """Return the buckets from the largest size that fits twice into the window up; all of them where none fits."""
        fitting = [size for size in self.dimensions if 2 * size * _HOUR <= window]
        return self.at_least(max(fitting, default=min(self.dimensions)))

    def _cover(self, first: int, last: int, sizes: tuple[int, ...]) -> list[str]:
        if first > last:
            return []
        *smaller, size = sizes
        full_from, full_until = -(-first // size), (last + 1) // size
        if full_from >= full_until:
            return self._cover(first, last, tuple(smaller))
        full = [self._key(size, number) for number in range(full_from, full_until)]
        left = self._cover(first, full_from * size - 1, tuple(smaller))
        return [*left, *full, *self._cover(full_until * size, last, tuple(smaller))]

    def _key(self, size: int, number: int) -> str:
        return self.dimensions[size].key(str(number))

    def _hour(self, instant: datetime) -> int:
        clamped = min(max(instant, _EARLIEST), _LATEST) if self.is_clamped else instant
        return (clamped - _EPOCH) // _HOUR


EXPIRIES = TimeBuckets(EXPIRY_BUCKETS)
RENEWALS = TimeBuckets(RENEWAL_BUCKETS)
CREATIONS = TimeBuckets(CREATION_BUCKETS, is_clamped=True)
SIGN_INS = TimeBuckets(SIGN_IN_BUCKETS, is_clamped=True)
INSTANT_BUCKETS = {"created_at": CREATIONS, "last_administrator_sign_in_at": SIGN_INS}


def ordering_expiry_window_keys(after: datetime, until: datetime) -> list[str]:
    """Return the smallest set of buckets of `order_keys` that covers the window.

    The buckets extend beyond the window by at most 64 hours, or 512 hours where it is longer than 120 days.
    """
    return EXPIRIES.at_least(64 if until - after <= _LONG_WINDOW else 512).window_keys(after, until)
