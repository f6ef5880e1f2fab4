"""Events that are older than the oplog, from the log itself: in the order of their moments, not of the stream."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from domain.cursors.feed import Position
from store.database.client import Document
from store.database.scope import Scope
from store.events.log import COLLECTION
from store.feed.events import FeedEvent, read_event_facts

_PAGE_SIZE = 100
# A transaction writes its events up to this long before it commits.
_MAX_TRANSACTION = timedelta(minutes=1)
# An event of the clock may be this much older than its write.
_MAX_DELAY = timedelta(days=1)


class EventPlace(NamedTuple):
    """The place of an event in the log, which is ordered by moment and id."""

    at: datetime
    id: str

    def match_later(self) -> Document:
        """Return the condition of the events behind this place."""
        return {"at": {"$gte": self.at}, "$or": [{"at": {"$gt": self.at}}, {"_id": {"$gt": self.id}}]}


async def read_old_events(
    scope: Scope, position: Position, place: EventPlace | None = None
) -> AsyncGenerator[FeedEvent, None]:
    """Yield at least the partner's events after the position and behind the place.

    Their positions are the given one.
    """
    since = datetime.fromtimestamp(position.time >> 32, UTC).replace(tzinfo=None)
    where: Document = {**scope.match(), "created_at": {"$gte": since - _MAX_TRANSACTION}}
    after: Document = {"at": {"$gte": since - _MAX_DELAY}} if place is None else place.match_later()
    while True:
        documents = await scope.collection(COLLECTION).find(
            {**where, **after}, sort=[("at", 1), ("_id", 1)], limit=_PAGE_SIZE
        )
        for document in documents:
            before_facts = document.pop("facts_before", None)
            facts = read_event_facts(before_facts, document.pop("facts_after", None))
            yield FeedEvent(position, document, *facts)
        if len(documents) < _PAGE_SIZE:
            return
        after = EventPlace(documents[-1]["at"], documents[-1]["_id"]).match_later()
