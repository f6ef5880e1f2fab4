"""What an administrator's open connections may still be told: it is changed by the feed before anything else hears."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from domain.cursors.feed import Position
from domain.types import AdministratorState
from resolvers.context import Viewer
from server.live.protocol import CloseCode, ProtocolError
from store.feed.events import ACCESS_EVENT_KINDS, AccessGrant, FeedEvent
from store.feed.feed import Feed

CloseConnection = Callable[[ProtocolError], None]
MAX_ACCESS_CHANGES = 10_000


class _AccessChange(NamedTuple):
    """When the hold on a customer changed last, and until when it stands since."""

    position: Position
    until: datetime | None


class AdministratorAccess:
    """One administrator's, for as long as a connection of theirs is open.

    An answer that was made before a change of access, and leaves after it, is bound to the change.
    """

    def __init__(self) -> None:
        self.connections: set[CloseConnection] = set()
        self._changes: dict[str, _AccessChange] = {}

    def allows(self, access_grant: AccessGrant, position: Position, now: datetime) -> bool:
        """Whether what was said at the position, of a customer that was held then, may be told now."""
        turn = self._changes.get(access_grant.customer_id)
        until = access_grant.until if turn is None or turn.position <= position else turn.until
        return until is None or now < until

    def record_change(self, position: Position, customer_id: str, until: datetime | None) -> None:
        """The hold on a customer has changed: it stands until then, or for good; no longer, where that is past."""
        self._changes[customer_id] = _AccessChange(position, until)
        if len(self._changes) > MAX_ACCESS_CHANGES:
            # Nothing that was queued outlives its connection.
            self._changes.clear()
            self.close_all(CloseCode.TRY_AGAIN_LATER, "Much of your access has changed: resume from your cursor.")

    def close_all(self, code: CloseCode, reason: str) -> None:
        """Closes every connection."""
        for close in tuple(self.connections):
            close(ProtocolError(code, reason))


class AccessMonitor:
    """Everybody's whose connections are open.

    It hears of an event before any subscription does, so that nothing behind the event is sent any more.
    """

    def __init__(self, feed: Feed) -> None:
        self._open: dict[tuple[str, str], AdministratorAccess] = {}
        feed.listeners.append(self._apply_event)

    def register(self, viewer: Viewer, close: CloseConnection) -> tuple[AdministratorAccess, Callable[[], None]]:
        """The viewer's access, and what ends the watch; `close` is called when the viewer is gone or another.

        What changed before is not known here: look at the viewer once more behind this.
        """
        whose = (viewer.partner_id, viewer.administrator.id)
        access = self._open.setdefault(whose, AdministratorAccess())
        access.connections.add(close)

        def release() -> None:
            access.connections.discard(close)
            if not access.connections and self._open.get(whose) is access:
                del self._open[whose]

        return access, release

    @property
    def close_callbacks(self) -> list[CloseConnection]:
        """How each open connection is closed."""
        return [close for access in self._open.values() for close in access.connections]

    def _apply_event(self, event: FeedEvent) -> None:
        if not self._open:
            return
        for administrator_id, until in event.changed_grants().items():
            access = self._open.get((event.partner_id, administrator_id))
            if access is not None:
                access.record_change(event.position, event.document["customer_id"], until)
        if event.document["kind"] in ACCESS_EVENT_KINDS and _reduces_access(event):
            access = self._open.get((event.partner_id, event.document["subject_id"]))
            if access is not None:
                access.close_all(CloseCode.FORBIDDEN, "Your access has changed: connect again.")


def _reduces_access(event: FeedEvent) -> bool:
    """Whether the administrator may see or do less, or something else, than before."""
    changes = event.document["changes"]
    return "role" in changes or ("state" in changes and changes["state"][1] != AdministratorState.ACTIVE)
