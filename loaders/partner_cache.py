"""What a process keeps of partners between operations, until an event of the partner makes it outdated."""

from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

from store.feed.events import FeedEvent
from store.feed.observed_feed import ObservedFeed

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class PartnerCache(Generic[Key, Value]):
    """Values by partner and key. `affects` says which events of a partner make all of its values outdated.

    They are served only while the feed is fresh (its last batch is younger than one second) and has reached the latest
    change that the caller knows of.
    """

    def __init__(self, feed: ObservedFeed, affects: Callable[[FeedEvent], bool], max_bytes: int) -> None:
        self._feed, self._affects, self._max_bytes = feed, affects, max_bytes
        self._values: dict[str, dict[Key, Value]] = {}
        # An estimate of the memory of all values, and of those of each partner.
        self.bytes = 0
        self._partner_bytes: dict[str, int] = {}
        # Events that affected each partner's values. A value is kept only if no event arrived while it was read.
        self._change_counts: dict[str, int] = {}
        self._gaps = 0
        feed.listeners.append(self._on_event)
        feed.gap_listeners.append(self._on_gap)

    def has_reached(self, operation_time: int) -> bool:
        """Return whether values may be served to a caller whose latest change has this operation time."""
        return self._feed.is_fresh and self._feed.position.time >= operation_time

    def kept(self, partner_id: str) -> Mapping[Key, Value]:
        """Return the values of a partner."""
        return self._values.get(partner_id, {})

    def change_count(self, partner_id: str) -> tuple[int, int]:
        """Return what to give to `is_unchanged` after a read that now begins."""
        return self._gaps, self._change_counts.get(partner_id, 0)

    def is_unchanged(self, partner_id: str, change_count: tuple[int, int]) -> bool:
        """Return whether what was read since then may be kept."""
        return self.change_count(partner_id) == change_count and self._feed.is_fresh

    def keep(self, partner_id: str, values: Mapping[Key, Value], size: int) -> None:
        """Keep values that take `size` bytes; where there is no room for them, drop all others first."""
        if self.bytes + size > self._max_bytes:
            self._clear()
        if size <= self._max_bytes:
            # A value that is read again counts again, until the next event.
            self.bytes += size
            self._partner_bytes[partner_id] = self._partner_bytes.get(partner_id, 0) + size
            self._values.setdefault(partner_id, {}).update(values)

    def _clear(self) -> None:
        self._values.clear()
        self._partner_bytes.clear()
        self.bytes = 0

    def _on_gap(self) -> None:
        """Drop everything: the feed missed events, and any of them may affect any value."""
        self._gaps += 1
        self._clear()

    def _on_event(self, event: FeedEvent) -> None:
        if self._affects(event):
            self._change_counts[event.partner_id] = self._change_counts.get(event.partner_id, 0) + 1
            self._values.pop(event.partner_id, None)
            self.bytes -= self._partner_bytes.pop(event.partner_id, 0)
