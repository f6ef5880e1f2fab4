"""Figures that outlive their operation: kept until the feed says that they changed, or time alone turns them."""

from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from domain.cursors.feed import Position
from domain.types import ActivityKind
from store.database.scope import Scope
from store.feed.events import FeedEvent

Value = TypeVar("Value")
MAX_FIGURES = 10_000


class ObservedFeed(Protocol):
    """What is asked of the feed: how far it has heard, and whether it still does."""

    listeners: list[Callable[[FeedEvent], None]]
    gap_listeners: list[Callable[[], None]]

    @property
    def position(self) -> Position: ...
    @property
    def is_fresh(self) -> bool: ...


class CachedFigure(NamedTuple, Generic[Value]):
    """A value, and the moment at which time alone may turn it."""

    value: Value
    valid_until: datetime


class FigureCache:
    """The figures of one process, by partner and sight.

    A caller who made a change shows its `after_operation_time`: nothing is served to them that the feed may not
    have corrected yet. Others may hear of a change as late as the feed does, and never while it is silent.
    """

    def __init__(self, feed: ObservedFeed) -> None:
        self._feed = feed
        self._figures: dict[str, dict[Hashable, CachedFigure[Any]]] = {}
        self._count = 0
        # How many events have touched each partner's figures: a figure is kept only where none did while it was read.
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
        """The kept one, or else what `read` answers: a value, and the moment at which time alone may turn it."""
        key = (scope.visibility_key, name)
        known = self._figures.get(scope.partner_id, {}).get(key)
        if known is not None and scope.now < known.valid_until and self._is_servable(after_operation_time):
            return known
        touches = self._change_count(scope.partner_id)
        figure = CachedFigure(*await read())
        if self._change_count(scope.partner_id) == touches and self._feed.is_fresh:
            self._store(scope.partner_id, key, figure)
        return figure

    def _is_servable(self, after_operation_time: int) -> bool:
        return self._feed.is_fresh and self._feed.position.time >= after_operation_time

    def _change_count(self, partner_id: str) -> tuple[int, int]:
        return self._gaps, self._change_counts.get(partner_id, 0)

    def _store(self, partner_id: str, key: Hashable, figure: CachedFigure[Any]) -> None:
        if self._count >= MAX_FIGURES:
            self._figures.clear()
            self._count = 0
        of_partner = self._figures.setdefault(partner_id, {})
        self._count += key not in of_partner
        of_partner[key] = figure

    def _on_gap(self) -> None:
        """Events are gone unheard: any of them may have touched any figure."""
        self._gaps += 1
        self._figures.clear()
        self._count = 0

    def _on_event(self, event: FeedEvent) -> None:
        if affects_figures(event):
            self._change_counts[event.partner_id] = self._change_counts.get(event.partner_id, 0) + 1
            self._count -= len(self._figures.pop(event.partner_id, ()))


def affects_figures(event: FeedEvent) -> bool:
    """Whether an event may change a figure over customers: it is about one, or about the partner's thresholds."""
    document = event.document
    return document.get("customer_id") is not None or document["kind"] == ActivityKind.SETTINGS_CHANGED
