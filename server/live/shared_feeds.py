"""What all live clients of a process share, over websockets and server-sent events."""

from msgspec import Struct
from starlette.datastructures import State

from server.live.access import AccessMonitor, CloseConnection
from server.live.feed_groups import FeedAppState, FeedGroups
from server.live.metrics import FeedMetrics, FeedPublisher


class SharedFeeds(Struct, frozen=True):
    """The groups of equal subscriptions, the monitor of open connections' access, and the metrics."""

    groups: FeedGroups
    access_monitor: AccessMonitor
    metrics: FeedMetrics
    publisher: FeedPublisher


def live_connections(state: State) -> list[CloseConnection]:
    """Return the functions that close the live connections of the application."""
    shared: SharedFeeds | None = getattr(state, "shared_feeds", None)
    return [] if shared is None else shared.access_monitor.close_callbacks


def shared_feeds(state: State, app_state: FeedAppState) -> SharedFeeds:
    """Return those of the application; create them for the first live client."""
    if getattr(state, "shared_feeds", None) is None:
        metrics = FeedMetrics()
        publisher = FeedPublisher(app_state.feed, metrics)
        monitor = AccessMonitor(app_state.feed)
        state.shared_feeds = SharedFeeds(FeedGroups(app_state, metrics), monitor, metrics, publisher)
    shared: SharedFeeds = state.shared_feeds
    return shared
