"""The ring: the newest events of all partners in memory, and from which position each partner's are complete."""

from bisect import bisect_right
from collections import deque

from domain.cursors.feed import Position
from domain.failures import CursorExpired
from store.feed.events import FeedEvent

BEGINNING = Position(0)

# Dropped events are removed from the list in batches: each removal moves all later events of the partner.
_TRIM_SIZE = 100


class _PartnerEvents:
    """One partner's events and their positions; those before the index `first` are dropped."""

    __slots__ = ("events", "first", "positions")

    def __init__(self) -> None:
        self.events: list[FeedEvent] = []
        # A list of its own: each follower searches it at each event, and a search that calls Python takes ten times as
        # long.
        self.positions: list[Position] = []
        self.first = 0

    def append(self, event: FeedEvent) -> None:
        self.events.append(event)
        self.positions.append(event.position)

    def drop(self) -> None:
        self.first += 1
        if self.first == _TRIM_SIZE or self.first * 2 > len(self.events):
            del self.events[: self.first], self.positions[: self.first]
            self.first = 0

    def events_after(self, position: Position, limit: int) -> list[FeedEvent]:
        start = bisect_right(self.positions, position, lo=self.first)
        return self.events[start : start + limit]


class RingBuffer:
    """Holds at most `size` events; `reached` is the position up to which the stream has been read."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.restart(BEGINNING)

    def restart(self, start: Position) -> None:
        """Drop all events; the ring is complete from `start` on."""
        self.reached = self._start = start
        self._all: deque[str] = deque()
        self._by_partner: dict[str, _PartnerEvents] = {}
        self._dropped: dict[str, Position] = {}

    def append(self, event: FeedEvent) -> bool:
        """Add the stream's next event; return False for one that a reopened stream repeats."""
        if event.position <= self.reached:
            return False
        self.reached = event.position
        self._all.append(event.partner_id)
        self._by_partner.setdefault(event.partner_id, _PartnerEvents()).append(event)
        if len(self._all) > self._size:
            self._drop(self._all.popleft())
        return True

    def advance(self, position: Position) -> None:
        """Record that the stream has been read up to the position without an event."""
        self.reached = max(self.reached, position)

    def covers(self, partner_id: str, position: Position) -> bool:
        """Return whether the ring has all events of the partner after the position."""
        return position >= self._start and position >= self._dropped.get(partner_id, BEGINNING)

    def events_after(self, partner_id: str, position: Position, limit: int) -> list[FeedEvent]:
        """Return the partner's next events after the position; raise CursorExpired where some were dropped."""
        if not self.covers(partner_id, position):
            raise CursorExpired
        partner_events = self._by_partner.get(partner_id)
        return [] if partner_events is None else partner_events.events_after(position, limit)

    def _drop(self, partner_id: str) -> None:
        partner_events = self._by_partner[partner_id]
        self._dropped[partner_id] = partner_events.positions[partner_events.first]
        partner_events.drop()
        if not partner_events.events:
            del self._by_partner[partner_id]
