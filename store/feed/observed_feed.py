"""What a cache of this process uses of the feed: the events that make it outdated, and how far the feed has come."""

from collections.abc import Callable
from typing import Protocol

from domain.cursors.feed import Position
from store.feed.events import FeedEvent


class ObservedFeed(Protocol):
    """The part of the feed that caches use: its events, its gaps, its position, and whether it is up to date."""

    listeners: list[Callable[[FeedEvent], None]]
    gap_listeners: list[Callable[[], None]]

    @property
    def position(self) -> Position: ...
    @property
    def is_fresh(self) -> bool: ...
