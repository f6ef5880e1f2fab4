"""The ring: the newest events of all partners in memory, and how far back each partner's lie there whole."""

from bisect import bisect_right
from collections import deque

from domain.cursors.feed import Position
from domain.failures import CursorExpired
from store.feed.events import FeedEvent

NOWHERE = Position(0)

# So many are cut off at once: moving thousands of others up for each would cost, and so would keeping half as many.
_CUT = 100


class _Lane:
    """One partner's events; those before `first` are gone, and are cut off some at a time."""

    __slots__ = ("events", "first")

    def __init__(self) -> None:
        self.events: list[FeedEvent] = []
        self.first = 0

    def drop(self) -> None:
        self.first += 1
        if self.first == _CUT or self.first * 2 > len(self.events):
            del self.events[: self.first]
            self.first = 0

    def since(self, position: Position, limit: int) -> list[FeedEvent]:
        at = bisect_right(self.events, position, lo=self.first, key=lambda event: event.position)
        return self.events[at : at + limit]


class Ring:
    """Holds at most `size` events; `reached` is the position up to which the stream has been read."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.restart(NOWHERE)

    def restart(self, start: Position) -> None:
        """Forgets everything: what comes from now on lies behind `start`."""
        self.reached = self._start = start
        self._all: deque[str] = deque()
        self._lanes: dict[str, _Lane] = {}
        self._dropped: dict[str, Position] = {}

    def append(self, event: FeedEvent) -> bool:
        """Takes the stream's next event; False for one that is there already (a stream that was opened again)."""
        if event.position <= self.reached:
            return False
        self.reached = event.position
        self._all.append(event.partner_id)
        self._lanes.setdefault(event.partner_id, _Lane()).events.append(event)
        if len(self._all) > self._size:
            self._drop(self._all.popleft())
        return True

    def advance(self, position: Position) -> None:
        """Notes that the stream has been read up to the position, though it brought nothing."""
        self.reached = max(self.reached, position)

    def holds(self, partner_id: str, position: Position) -> bool:
        """Whether everything of the partner behind the position is here."""
        return position >= self._start and position >= self._dropped.get(partner_id, NOWHERE)

    def since(self, partner_id: str, position: Position, limit: int) -> list[FeedEvent]:
        """The partner's next events behind the position, in order; CursorExpired where some are gone."""
        if not self.holds(partner_id, position):
            raise CursorExpired
        lane = self._lanes.get(partner_id)
        return [] if lane is None else lane.since(position, limit)

    def _drop(self, partner_id: str) -> None:
        lane = self._lanes[partner_id]
        self._dropped[partner_id] = lane.events[lane.first].position
        lane.drop()
        if not lane.events:
            del self._lanes[partner_id]
