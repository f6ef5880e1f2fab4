"""The ring: the newest events of all partners in memory, and how far back each partner's lie there whole."""

from collections import deque
from collections.abc import Iterable
from itertools import takewhile

from domain.failures import CursorExpired
from domain.feed_cursors import Position
from store.feed_events import FeedEvent

NOWHERE = Position(0)


class Ring:
    """Holds at most `size` events; `reached` is the position up to which the stream has been read."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.restart(NOWHERE)

    def restart(self, start: Position) -> None:
        """Forgets everything: what comes from now on lies behind `start`."""
        self.reached = self._start = start
        self._all: deque[FeedEvent] = deque()
        self._of_partner: dict[str, deque[FeedEvent]] = {}
        self._dropped: dict[str, Position] = {}

    def append(self, event: FeedEvent) -> bool:
        """Takes the stream's next event; False for one that is there already (a stream that was opened again)."""
        if event.position <= self.reached:
            return False
        self.reached = event.position
        self._all.append(event)
        self._of_partner.setdefault(event.partner_id, deque()).append(event)
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
        newest_first: Iterable[FeedEvent] = reversed(self._of_partner.get(partner_id, ()))
        behind = list(takewhile(lambda event: event.position > position, newest_first))
        behind.reverse()
        return behind[:limit]

    def _drop(self, event: FeedEvent) -> None:
        of_partner = self._of_partner[event.partner_id]
        of_partner.popleft()
        if not of_partner:
            del self._of_partner[event.partner_id]
        self._dropped[event.partner_id] = event.position
