"""The events of a feed as they lie in memory: where they stand, whose they are, and who may see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

from domain.cursors.feed import Position
from domain.types import ActivityKind
from store.database.client import Document, Timestamp
from store.database.scope import administrator_key

# Until when a hold stands that was taken away.
REVOKED = datetime.min  # noqa: DTZ901  Instants are naive UTC throughout.
# What may take an administrator's access away: of these events alone the changes are read.
ACCESS_EVENT_KINDS = frozenset({ActivityKind.ADMINISTRATOR_REMOVED, ActivityKind.ADMINISTRATOR_CHANGED})
_ADMINISTRATOR_PREFIX = administrator_key("")
_NO_EXPIRIES: Mapping[str, datetime] = {}
# The first byte of a resume token says "timestamp"; its eight bytes follow.
_TIME_DIGITS = slice(2, 18)


@lru_cache(maxsize=5_000)
def _intern_keys(keys: tuple[str, ...]) -> frozenset[str]:
    """The keys as a set: many customers have the same, and each text is held once."""
    return frozenset(map(intern, keys))


@lru_cache(maxsize=1_000)
def _intern_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words, which stay the same from one event of a customer to the next."""
    return tuple(map(intern, words))


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What a filter and visibility read of a customer, at the moment of an event."""

    keys: frozenset[str]
    words: tuple[str, ...]
    access_until: Mapping[str, datetime]

    @classmethod
    def from_document(cls, stored: Mapping[str, Any] | None) -> "EventFacts | None":
        """The facts as the event's document holds them; None where there was no customer."""
        if stored is None:
            return None
        return cls(
            _intern_keys(tuple(stored["keys"])),
            _intern_words(tuple(stored["words"])),
            stored.get("access_until") or _NO_EXPIRIES,
        )

    def is_visible_to(self, administrator_id: str | None, now: datetime) -> bool:
        """Whether the assigned administrator reaches the customer; None stands for those who see all."""
        if administrator_id is None:
            return True
        ends = self.access_until.get(administrator_id)
        return administrator_key(administrator_id) in self.keys and (ends is None or now < ends)

    @property
    def grants(self) -> dict[str, datetime | None]:
        """Who is assigned to the customer, and until when; None where it stands until it is taken back."""
        named = (key.removeprefix(_ADMINISTRATOR_PREFIX) for key in self.keys if key.startswith(_ADMINISTRATOR_PREFIX))
        return {administrator_id: self.access_until.get(administrator_id) for administrator_id in named}


class AccessGrant(NamedTuple):
    """An assigned administrator's hold on a customer, as an event left it: what rests on it may be told till then."""

    customer_id: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event of the stream; `document` is what store/events/log.py wrote, without what no listener reads.

    The facts stand beside it. Thousands of events lie in memory, and Python's collector walks through whatever contains
    something else: a document of plain values is nothing to it, and one of lists held everything up for 20 to 80 ms.
    """

    position: Position
    document: Document
    facts_before: EventFacts | None = field(repr=False)
    facts_after: EventFacts | None = field(repr=False)

    @classmethod
    def from_change(cls, change: Document) -> "FeedEvent":
        """The event that an insert on the change stream brought."""
        document = change["fullDocument"]
        position = Position(cluster_time(change["clusterTime"]), change["_id"]["_data"])
        before, after = (
            EventFacts.from_document(document.pop("facts_before", None)),
            EventFacts.from_document(document.pop("facts_after", None)),
        )
        document.pop("keys", None)
        if document.get("kind") not in ACCESS_EVENT_KINDS:
            document.pop("changes", None)
        return cls(position, document, after if before == after else before, after)

    @property
    def partner_id(self) -> str:
        """Whose event it is."""
        return str(self.document["partner_id"])

    def is_visible(self, administrator_id: str | None, now: datetime) -> bool:
        """Whether the viewer may see the customer that the event left behind."""
        return self.facts_after is not None and self.facts_after.is_visible_to(administrator_id, now)

    def access_grant(self, administrator_id: str | None) -> AccessGrant | None:
        """The hold on the customer that the viewer's sight of it rests on; None for those who see all."""
        if administrator_id is None or self.facts_after is None:
            return None
        return AccessGrant(self.document["customer_id"], self.facts_after.access_until.get(administrator_id))

    def changed_grants(self) -> dict[str, datetime | None]:
        """Whose hold on the customer the event changed, and until when it stands since: None for good, or REVOKED."""
        before = {} if self.facts_before is None else self.facts_before.grants
        after = {} if self.facts_after is None else self.facts_after.grants
        if before == after:
            return {}
        named = before.keys() | after.keys()
        return {
            one: after.get(one, REVOKED)
            for one in named
            if (one in after) != (one in before) or before[one] != after[one]
        }


def cluster_time(stamp: Timestamp) -> int:
    """The database's timestamp as one number that compares as it does."""
    return int(stamp.time) << 32 | int(stamp.inc)


def timestamp(time: int) -> Timestamp:
    """The number as the database's timestamp."""
    return Timestamp(time >> 32, time & 0xFFFFFFFF)


def token_time(token: Mapping[str, Any]) -> int:
    """The cluster time that a resume token begins with (an event's, or a batch's)."""
    return int(token["_data"][_TIME_DIGITS], 16)
