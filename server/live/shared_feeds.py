"""What all live clients of a process share, over websockets and server-sent events alike."""

from dataclasses import dataclass

from starlette.datastructures import State

from server.live.access import AccessWatch, Close
from server.live.feed_groups import FeedGroups, FeedHub
from server.live.metrics import FeedFigures


@dataclass(frozen=True, slots=True)
class SharedFeeds:
    """The groups of equal subscriptions, whose connections are open, and the figures of it all."""

    groups: FeedGroups
    watch: AccessWatch
    figures: FeedFigures


def live_clients(state: State) -> list[Close]:
    """How each live client of the application is sent away."""
    shared: SharedFeeds | None = getattr(state, "shared_feeds", None)
    return [] if shared is None else shared.watch.everybody


def shared_feeds(state: State, hub: FeedHub) -> SharedFeeds:
    """Those of the application, made with the first live client."""
    if getattr(state, "shared_feeds", None) is None:
        figures = FeedFigures()
        state.shared_feeds = SharedFeeds(FeedGroups(hub, figures), AccessWatch(hub.feed), figures)
    shared: SharedFeeds = state.shared_feeds
    return shared
