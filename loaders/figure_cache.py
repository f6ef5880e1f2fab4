"""Values that a process keeps between operations, until an event or the passing of time can change them."""

from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from domain.types import ActivityKind
from store.database.scope import Scope
from store.feed.events import FeedEvent
from store.feed.observed_feed import ObservedFeed

Value = TypeVar("Value")
MAX_BYTES = 16 * 1024 * 1024
# What an object takes for each character of its repr: a small number takes 28 bytes, a letter of a text one.
_BYTES_PER_CHARACTER, _BYTES_PER_FIGURE = 16, 500


class CachedFigure(NamedTuple, Generic[Value]):
    """A value, and the moment from which it can be outdated without any event."""

    value: Value
    valid_until: datetime


class FigureCache:
    """The figures of one process, by partner, visibility and name.

    A figure is served only while the feed is fresh (its last batch is younger than one second). A caller that made a
    change passes the change's time as `after_operation_time`: until the feed has reached it, the figure is read anew.
    """

    def __init__(
        self,
        feed: ObservedFeed,
        affects: Callable[[FeedEvent], bool] | None = None,
        size_of: Callable[[Any], int] | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """`affects` says which events of a partner make its values outdated; `size_of` estimates a key with a value."""
        self._feed = feed
        self._affects, self._size_of, self._max_bytes = affects or affects_figures, size_of or _figure_bytes, max_bytes
        self._figures: dict[str, dict[Hashable, CachedFigure[Any]]] = {}
        # An estimate of the memory of all figures, and of those of each partner.
        self.bytes = 0
        self._partner_bytes: dict[str, int] = {}
        # Events that affected each partner's figures. A figure is kept only if no event arrived while it was read.
        self._change_counts: dict[str, int] = {}
        self._gaps = 0
        feed.listeners.append(self._on_event)
        feed.gap_listeners.append(self._on_gap)

    async def read_figure(
        self,
        scope: Scope,
        name: Hashable,
        after_operation_time: int,
        read: Callable[[], Awaitable[tuple[Value, datetime]]],
    ) -> CachedFigure[Value]:
        """Return the cached figure, or else the result of `read`: a value and the moment until which it is valid."""
        key = (scope.visibility_key, name)
        cached = self._figures.get(scope.partner_id, {}).get(key)
        if cached is not None and scope.now < cached.valid_until and self._is_servable(after_operation_time):
            return cached
        change_count = self._change_count(scope.partner_id)
        figure = CachedFigure(*await read())
        is_unchanged = self._change_count(scope.partner_id) == change_count and self._feed.is_fresh
        if is_unchanged and scope.now < figure.valid_until:
            self._store(scope.partner_id, key, figure)
        return figure

    def _is_servable(self, after_operation_time: int) -> bool:
        return self._feed.is_fresh and self._feed.position.time >= after_operation_time

    def _change_count(self, partner_id: str) -> tuple[int, int]:
        return self._gaps, self._change_counts.get(partner_id, 0)

    def _store(self, partner_id: str, key: Hashable, figure: CachedFigure[Any]) -> None:
        size = self._size_of((key, figure.value))
        if self.bytes + size > self._max_bytes:
            self._clear()
        if size <= self._max_bytes:
            # A figure that is read again counts again, until the next event.
            self.bytes += size
            self._partner_bytes[partner_id] = self._partner_bytes.get(partner_id, 0) + size
            self._figures.setdefault(partner_id, {})[key] = figure

    def _clear(self) -> None:
        self._figures.clear()
        self._partner_bytes.clear()
        self.bytes = 0

    def _on_gap(self) -> None:
        """Drop everything: the feed missed events, and any of them may affect any figure."""
        self._gaps += 1
        self._clear()

    def _on_event(self, event: FeedEvent) -> None:
        if self._affects(event):
            self._change_counts[event.partner_id] = self._change_counts.get(event.partner_id, 0) + 1
            self._figures.pop(event.partner_id, None)
            self.bytes -= self._partner_bytes.pop(event.partner_id, 0)


def _figure_bytes(entry: Any) -> int:
    return len(repr(entry)) * _BYTES_PER_CHARACTER + _BYTES_PER_FIGURE


def affects_figures(event: FeedEvent) -> bool:
    """Return whether figures over customers may change: the event is about a customer or the partner's thresholds."""
    document = event.document
    return document.get("customer_id") is not None or document["kind"] == ActivityKind.SETTINGS_CHANGED
