"""What all live clients of a process share, over websockets and server-sent events alike."""

from dataclasses import dataclass

from starlette.datastructures import State

from server.feed_groups import FeedGroups, FeedHub
from server.revocations import Revocations


@dataclass(frozen=True, slots=True)
class SharedFeeds:
    """The groups of equal subscriptions, and who is told that their access has changed."""

    groups: FeedGroups
    revocations: Revocations


def shared_feeds(state: State, hub: FeedHub) -> SharedFeeds:
    """Those of the application, made with the first live client."""
    if getattr(state, "shared_feeds", None) is None:
        state.shared_feeds = SharedFeeds(FeedGroups(hub), Revocations(hub.feed))
    shared: SharedFeeds = state.shared_feeds
    return shared
