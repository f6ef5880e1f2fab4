"""The feed of the activity: every event of the log that the viewer may read."""

from domain.partner.activity import ActivityCondition, activity_condition, matches_event
from resolvers.feeds import EventFeed, FeedChange, FeedViewer
from store.events.activity import EventDocument
from store.feed.events import FeedEvent


class ActivityChange(FeedChange, frozen=True):
    """One event of the log."""

    event: EventDocument


def select_activity(event: FeedEvent, condition: ActivityCondition, viewer: FeedViewer) -> ActivityChange | None:
    """Return the event where it matches and the viewer may read it.

    An assigned administrator reads their own actions, and the events of the customers that they see at delivery.
    """
    document = event.document
    if not matches_event(condition, document):
        return None
    # Administrators always read their own actions, even if they no longer see the customer.
    is_restricted = viewer.restricted_to is not None and document["actor_id"] != viewer.administrator_id
    if is_restricted and document["customer_id"] is None:
        return None
    return ActivityChange(
        position=event.position,
        access_grant=event.access_grant(viewer.restricted_to) if is_restricted else None,
        required_customer_id=document["customer_id"] if is_restricted else None,
        event=EventDocument(document),
    )


ACTIVITY = EventFeed(activity_condition, select_activity)
