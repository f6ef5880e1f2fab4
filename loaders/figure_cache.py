"""Figures that outlive their operation: kept until the feed says that they changed, or time alone turns them."""

from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from domain.cursors.feed import Position
from domain.types import ActivityKind
from store.database.scope import Scope
from store.feed.events import FeedEvent

Value = TypeVar("Value")
MOST_KEPT = 10_000


class Heard(Protocol):
    """What is asked of the feed: how far it has heard, and whether it still does."""

    listeners: list[Callable[[FeedEvent], None]]
    gap_listeners: list[Callable[[], None]]

    @property
    def position(self) -> Position: ...
    @property
    def is_fresh(self) -> bool: ...


class Figure(NamedTuple, Generic[Value]):
    """A value, and the moment at which time alone may turn it."""

    value: Value
    turns_at: datetime


class Kept:
    """The figures of one process, by partner and sight.

    A caller who made a change shows its operation time (`seen`): nothing is served to them that the feed may not
    have corrected yet. Others may hear of a change as late as the feed does, and never while it is silent.
    """

    def __init__(self, feed: Heard) -> None:
        self._feed = feed
        self._figures: dict[str, dict[Hashable, Figure[Any]]] = {}
        self._count = 0
        # How many events have touched each partner's figures: a figure is kept only where none did while it was read.
        self._touches: dict[str, int] = {}
        self._gaps = 0
        feed.listeners.append(self._hear)
        feed.gap_listeners.append(self._forget)

    async def figure(
        self, scope: Scope, name: Hashable, seen: int, read: Callable[[], Awaitable[tuple[Value, datetime]]]
    ) -> Figure[Value]:
        """The kept one, or else what `read` answers: a value, and the moment at which time alone may turn it."""
        key = (scope.visibility_key, name)
        known = self._figures.get(scope.partner_id, {}).get(key)
        if known is not None and scope.now < known.turns_at and self._may_serve(seen):
            return known
        touches = self._touched(scope.partner_id)
        figure = Figure(*await read())
        if self._touched(scope.partner_id) == touches and self._feed.is_fresh:
            self._keep(scope.partner_id, key, figure)
        return figure

    def _may_serve(self, seen: int) -> bool:
        return self._feed.is_fresh and self._feed.position.time >= seen

    def _touched(self, partner_id: str) -> tuple[int, int]:
        return self._gaps, self._touches.get(partner_id, 0)

    def _keep(self, partner_id: str, key: Hashable, figure: Figure[Any]) -> None:
        if self._count >= MOST_KEPT:
            self._figures.clear()
            self._count = 0
        of_partner = self._figures.setdefault(partner_id, {})
        self._count += key not in of_partner
        of_partner[key] = figure

    def _forget(self) -> None:
        """Events are gone unheard: any of them may have touched any figure."""
        self._gaps += 1
        self._figures.clear()
        self._count = 0

    def _hear(self, event: FeedEvent) -> None:
        if touches_figures(event):
            self._touches[event.partner_id] = self._touches.get(event.partner_id, 0) + 1
            self._count -= len(self._figures.pop(event.partner_id, ()))


def touches_figures(event: FeedEvent) -> bool:
    """Whether an event may change a figure over customers: it is about one, or about the partner's thresholds."""
    document = event.document
    return document.get("customer_id") is not None or document["kind"] == ActivityKind.SETTINGS_CHANGED
