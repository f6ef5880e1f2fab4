"""The contexts in which groups execute events: groups of equal visibility and language share look-ups and results.

Groups of subscriptions that select a viewer-dependent field share them only with those of the same administrator.
"""

from time import monotonic
from typing import Protocol

from domain.cursors.feed import Position
from domain.permissions import can_see_all_customers
from resolvers.context import Context, Viewer
from resolvers.feeds import FeedViewer
from server.live.feed_execution import BatchContext
from store.feed.feed import Feed

# An older context may show customers whose assignment has expired since.
MAX_CONTEXT_AGE_SECONDS = 0.05

VisibilityKey = tuple[str, ...]


class ContextFactory(Protocol):
    """What contexts are built from."""

    @property
    def feed(self) -> Feed: ...

    def context(self, viewer: Viewer) -> Context:
        """A fresh context, with loaders of its own."""


class BatchContexts:
    """One context for each visibility and position of the feed."""

    def __init__(self, app_state: ContextFactory) -> None:
        self._app_state = app_state
        self._position: Position | None = None
        self._created_at = float("-inf")
        self._by_key: dict[VisibilityKey, BatchContext] = {}

    def get(self, viewer: Viewer, key: VisibilityKey) -> BatchContext:
        """Return the context of the viewer's visibility, no older than the newest event and 50 ms."""
        position, now = self._app_state.feed.position, monotonic()
        if position != self._position or now - self._created_at > MAX_CONTEXT_AGE_SECONDS:
            # What was looked up before an event must not be shown with it.
            self._by_key.clear()
            self._position, self._created_at = position, now
        batch = self._by_key.get(key)
        if batch is None:
            context = self._app_state.context(viewer)
            batch = self._by_key[key] = BatchContext(context, FeedViewer.from_context(context), {})
        return batch


def visibility_key(viewer: Viewer, depends_on_viewer: bool) -> VisibilityKey:
    """Return what decides what a viewer may do and see, and in which language.

    It is the role, and the administrator where assignments limit it or a selected field depends on the viewer.
    """
    administrator = viewer.administrator
    is_shared = can_see_all_customers(administrator.role) and not depends_on_viewer
    owner = "" if is_shared else administrator.id
    return (viewer.partner_id, str(administrator.role), owner, str(viewer.language))
