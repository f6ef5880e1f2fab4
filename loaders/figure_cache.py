"""Figures that a process keeps between operations, until an event or the passing of time can change them."""

from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from domain.types import ActivityKind
from loaders.partner_cache import PartnerCache
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


class FigureCache(PartnerCache[Hashable, CachedFigure[Any]]):
    """The figures of one process, by partner, visibility and name.

    A caller that made a change passes the change's time as `after_operation_time`: until the feed has reached it, the
    figure is read anew.
    """

    def __init__(
        self,
        feed: ObservedFeed,
        affects: Callable[[FeedEvent], bool] | None = None,
        size_of: Callable[[Any], int] | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """`affects` says which events of a partner make its values outdated; `size_of` estimates a key with a value."""
        super().__init__(feed, affects or affects_figures, max_bytes)
        self._size_of = size_of or _figure_bytes

    def find_figure(self, scope: Scope, name: Hashable, after_operation_time: int) -> CachedFigure[Any] | None:
        """Return the cached figure; None where it must be read."""
        cached = self.kept(scope.partner_id).get((scope.visibility_key, name))
        is_valid = cached is not None and scope.now < cached.valid_until and self.has_reached(after_operation_time)
        return cached if is_valid else None

    async def read_figure(
        self,
        scope: Scope,
        name: Hashable,
        after_operation_time: int,
        read: Callable[[], Awaitable[tuple[Value, datetime]]],
    ) -> CachedFigure[Value]:
        """Return the cached figure, or else the result of `read`: a value and the moment until which it is valid."""
        cached = self.find_figure(scope, name, after_operation_time)
        return await self.read_new_figure(scope, name, read) if cached is None else cached

    async def read_new_figure(
        self, scope: Scope, name: Hashable, read: Callable[[], Awaitable[tuple[Value, datetime]]]
    ) -> CachedFigure[Value]:
        """Return the result of `read`, which is kept where nothing of the partner has changed meanwhile."""
        key, change_count = (scope.visibility_key, name), self.change_count(scope.partner_id)
        figure = CachedFigure(*await read())
        if self.is_unchanged(scope.partner_id, change_count) and scope.now < figure.valid_until:
            self.keep(scope.partner_id, {key: figure}, self._size_of((key, figure.value)))
        return figure


def _figure_bytes(entry: Any) -> int:
    return len(repr(entry)) * _BYTES_PER_CHARACTER + _BYTES_PER_FIGURE


def affects_figures(event: FeedEvent) -> bool:
    """Return whether figures over customers may change: the event is about a customer or the partner's thresholds."""
    document = event.document
    return document.get("customer_id") is not None or document["kind"] == ActivityKind.SETTINGS_CHANGED
