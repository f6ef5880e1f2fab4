"""What an administrator's open connections may still be told: it is changed by the feed before anything else hears."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from domain.cursors.feed import Position
from domain.types import AdministratorState
from resolvers.context import Viewer
from server.live.protocol import CloseCode, ProtocolError
from store.feed.events import OF_ACCESS, FeedEvent, Hold
from store.feed.feed import Feed

Close = Callable[[ProtocolError], None]
MOST_TURNS = 10_000


class _Turn(NamedTuple):
    """When the hold on a customer changed last, and until when it stands since."""

    position: Position
    until: datetime | None


class Access:
    """One administrator's, for as long as a connection of theirs is open.

    An answer that was made before a change of access, and leaves after it, is bound to the change.
    """

    def __init__(self) -> None:
        self.connections: set[Close] = set()
        self._turns: dict[str, _Turn] = {}

    def opens(self, hold: Hold, position: Position, now: datetime) -> bool:
        """Whether what was said at the position, of a customer that was held then, may be told now."""
        turn = self._turns.get(hold.customer_id)
        until = hold.until if turn is None or turn.position <= position else turn.until
        return until is None or now < until

    def turn(self, position: Position, customer_id: str, until: datetime | None) -> None:
        """The hold on a customer has changed: it stands until then, or for good; no longer, where that is past."""
        self._turns[customer_id] = _Turn(position, until)
        if len(self._turns) > MOST_TURNS:
            # Nothing that was queued outlives its connection.
            self._turns.clear()
            self.close(CloseCode.TRY_AGAIN_LATER, "Much of your access has changed: resume from your cursor.")

    def close(self, code: CloseCode, reason: str) -> None:
        """Closes every connection."""
        for close in tuple(self.connections):
            close(ProtocolError(code, reason))


class AccessWatch:
    """Everybody's whose connections are open.

    It hears of an event before any subscription does, so that nothing behind the event is sent any more.
    """

    def __init__(self, feed: Feed) -> None:
        self._open: dict[tuple[str, str], Access] = {}
        feed.listeners.append(self._hear)

    def begin(self, viewer: Viewer, close: Close) -> tuple[Access, Callable[[], None]]:
        """The viewer's access, and what ends the watch; `close` is called when the viewer is gone or another.

        What changed before is not known here: look at the viewer once more behind this.
        """
        whose = (viewer.partner_id, viewer.administrator.id)
        access = self._open.setdefault(whose, Access())
        access.connections.add(close)

        def release() -> None:
            access.connections.discard(close)
            if not access.connections and self._open.get(whose) is access:
                del self._open[whose]

        return access, release

    @property
    def everybody(self) -> list[Close]:
        """How each open connection is closed."""
        return [close for access in self._open.values() for close in access.connections]

    def _hear(self, event: FeedEvent) -> None:
        if not self._open:
            return
        for administrator_id, until in event.turned_holds().items():
            access = self._open.get((event.partner_id, administrator_id))
            if access is not None:
                access.turn(event.position, event.document["customer_id"], until)
        if event.document["kind"] in OF_ACCESS and _takes_away(event):
            access = self._open.get((event.partner_id, event.document["subject_id"]))
            if access is not None:
                access.close(CloseCode.FORBIDDEN, "Your access has changed: connect again.")


def _takes_away(event: FeedEvent) -> bool:
    """Whether the administrator may see or do less, or something else, than before."""
    changes = event.document["changes"]
    return "role" in changes or ("state" in changes and changes["state"][1] != AdministratorState.ACTIVE)
