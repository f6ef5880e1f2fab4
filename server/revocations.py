"""Ends the sockets of an administrator who is removed or given another role, as soon as the feed tells."""

from collections.abc import Callable

from domain.types import ActivityKind, AdministratorState
from resolvers.context import Viewer
from server.protocol import CloseCode, ProtocolError
from store.feed import Feed
from store.feed_events import FeedEvent

Close = Callable[[ProtocolError], None]
_TELLING = frozenset({ActivityKind.ADMINISTRATOR_REMOVED, ActivityKind.ADMINISTRATOR_CHANGED})


class Revocations:
    """Knows whose sockets are open.

    It hears of an event before any subscription does, so that nothing behind the event is sent any more.
    """

    def __init__(self, feed: Feed) -> None:
        self._open: dict[tuple[str, str], set[Close]] = {}
        feed.listeners.append(self._hear)

    def watch(self, viewer: Viewer, close: Close) -> Callable[[], None]:
        """Calls `close` when the viewer's access changes; the answer ends that."""
        whose = (viewer.partner_id, viewer.administrator.id)
        self._open.setdefault(whose, set()).add(close)

        def release() -> None:
            closing = self._open.get(whose, set())
            closing.discard(close)
            if not closing:
                self._open.pop(whose, None)

        return release

    def _hear(self, event: FeedEvent) -> None:
        if not self._open or event.document["kind"] not in _TELLING or not _takes_away(event):
            return
        for close in tuple(self._open.get((event.partner_id, event.document["subject_id"]), ())):
            close(ProtocolError(CloseCode.FORBIDDEN, "Your access has changed: connect again."))


def _takes_away(event: FeedEvent) -> bool:
    """Whether the administrator may see or do less, or something else, than before."""
    changes = event.document["changes"]
    return "role" in changes or ("state" in changes and changes["state"][1] != AdministratorState.ACTIVE)
