"""Which queued results may still be sent to an administrator's open connections.

The feed reports changes of access here before any subscription receives the event.
"""

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
    """The last change of an access grant: its position, and the grant's new end (None: no end)."""

    position: Position
    until: datetime | None


class AdministratorAccess:
    """The access of one administrator while a connection of theirs is open.

    A result that was executed before a change of access and is sent after it must respect the change.
    """

    def __init__(self) -> None:
        self.connections: set[CloseConnection] = set()
        self._changes: dict[str, _AccessChange] = {}

    def allows(self, access_grant: AccessGrant, position: Position, now: datetime) -> bool:
        """Return whether a result of the position, visible by the grant, may be sent now."""
        change = self._changes.get(access_grant.customer_id)
        until = access_grant.until if change is None or change.position <= position else change.until
        return until is None or now < until

    def record_change(self, position: Position, customer_id: str, until: datetime | None) -> None:
        """Record that the grant for a customer now ends at `until`: None for no end, REVOKED for a removed grant."""
        self._changes[customer_id] = _AccessChange(position, until)
        if len(self._changes) > MAX_ACCESS_CHANGES:
            # Closing the connections discards all queued results, so the changes are no longer needed.
            self._changes.clear()
            self.close_all(CloseCode.TRY_AGAIN_LATER, "Much of your access has changed: resume from your cursor.")

    def close_all(self, code: CloseCode, reason: str) -> None:
        """Close every connection of the administrator."""
        for close in tuple(self.connections):
            close(ProtocolError(code, reason))


class AccessMonitor:
    """The access of all administrators with open connections.

    It receives an event before any subscription does: from then on, nothing is sent that the event forbids.
    """

    def __init__(self, feed: Feed) -> None:
        self._open: dict[tuple[str, str], AdministratorAccess] = {}
        feed.listeners.append(self._apply_event)

    def register(self, viewer: Viewer, close: CloseConnection) -> tuple[AdministratorAccess, Callable[[], None]]:
        """Return the viewer's access, and a function that ends the registration.

        `close` is called when the viewer is removed or changes role. Changes before this call are not known here:
        authenticate the viewer again after it.
        """
        key = (viewer.partner_id, viewer.administrator.id)
        access = self._open.setdefault(key, AdministratorAccess())
        access.connections.add(close)

        def release() -> None:
            access.connections.discard(close)
            if not access.connections and self._open.get(key) is access:
                del self._open[key]

        return access, release

    @property
    def close_callbacks(self) -> list[CloseConnection]:
        """Return the functions that close the open connections."""
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
    """Return whether the event removes or changes what the administrator may see or do."""
    changes = event.document["changes"]
    return "role" in changes or ("state" in changes and changes["state"][1] != AdministratorState.ACTIVE)
