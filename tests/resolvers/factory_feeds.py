"""Makes events in memory and viewers for the tests of feed selections."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from domain.cursors.feed import Position
from resolvers.feeds import FeedViewer
from store.database.scope import administrator_key
from store.feed.events import EventFacts, FeedEvent

NOW = datetime(2026, 3, 1, 12)
ME, COLLEAGUE = "adm_me", "adm_colleague"
UNRESTRICTED = FeedViewer(ME, None, NOW)
RESTRICTED = FeedViewer(ME, ME, NOW)
PAST, FUTURE = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


def facts(
    *keys: str, assigned: Iterable[str] = (), until: datetime | None = None, words: tuple[str, ...] = ()
) -> EventFacts:
    """A customer's facts: its keys, and its assigned administrators, whose access ends at `until`."""
    names = tuple(assigned)
    access_until = {} if until is None else dict.fromkeys(names, until)
    return EventFacts(frozenset([*keys, *map(administrator_key, names)]), words, access_until)


def event(before: EventFacts | None = None, after: EventFacts | None = None, **fields: Any) -> FeedEvent:
    """An event of one customer, the first of its write."""
    document = {
        "_id": "evt_1",
        "partner_id": "acme",
        "kind": "STATUS_CHANGED",
        "at": NOW,
        "actor_id": None,
        "customer_id": "cus_1",
        "subject_id": "cus_1",
        "summary": "Acme is now on trial",
        "is_first_of_change": True,
        "entered": ["TRIAL"],
        "left": [],
        "statuses": ["TRIAL"],
    }
    return FeedEvent(Position(7, "82"), {**document, **fields}, before, after)
