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
LOST = datetime.min  # noqa: DTZ901  Instants are naive UTC throughout.
# What may take an administrator's access away: of these events alone the changes are read.
OF_ACCESS = frozenset({ActivityKind.ADMINISTRATOR_REMOVED, ActivityKind.ADMINISTRATOR_CHANGED})
_ADMINISTRATOR = administrator_key("")
_NOBODY: Mapping[str, datetime] = {}
# The first byte of a resume token says "timestamp"; its eight bytes follow.
_TIME_DIGITS = slice(2, 18)


@lru_cache(maxsize=5_000)
def _set_of(keys: tuple[str, ...]) -> frozenset[str]:
    """The keys as a set: many customers have the same, and each text is held once."""
    return frozenset(map(intern, keys))


@lru_cache(maxsize=1_000)
def _held(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words, which stay the same from one event of a customer to the next."""
    return tuple(map(intern, words))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a filter and visibility read of a customer, at the moment of an event."""

    keys: frozenset[str]
    words: tuple[str, ...]
    access_until: Mapping[str, datetime]

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> "Facts | None":
        """The facts as the event's document holds them; None where there was no customer."""
        if stored is None:
            return None
        return cls(_set_of(tuple(stored["keys"])), _held(tuple(stored["words"])), stored.get("access_until") or _NOBODY)

    def is_open_to(self, administrator_id: str | None, now: datetime) -> bool:
        """Whether the assigned administrator reaches the customer; None stands for those who see all."""
        if administrator_id is None:
            return True
        ends = self.access_until.get(administrator_id)
        return administrator_key(administrator_id) in self.keys and (ends is None or now < ends)

    @property
    def holds(self) -> dict[str, datetime | None]:
        """Who is assigned to the customer, and until when; None where it stands until it is taken back."""
        named = (key.removeprefix(_ADMINISTRATOR) for key in self.keys if key.startswith(_ADMINISTRATOR))
        return {administrator_id: self.access_until.get(administrator_id) for administrator_id in named}


class Hold(NamedTuple):
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
    facts_before: Facts | None = field(repr=False)
    facts_after: Facts | None = field(repr=False)

    @classmethod
    def of(cls, change: Document) -> "FeedEvent":
        """The event that an insert on the change stream brought."""
        document = change["fullDocument"]
        position = Position(cluster_time(change["clusterTime"]), change["_id"]["_data"])
        before, after = Facts.of(document.pop("facts_before", None)), Facts.of(document.pop("facts_after", None))
        document.pop("keys", None)
        if document.get("kind") not in OF_ACCESS:
            document.pop("changes", None)
        return cls(position, document, after if before == after else before, after)

    @property
    def partner_id(self) -> str:
        """Whose event it is."""
        return str(self.document["partner_id"])

    def is_visible(self, administrator_id: str | None, now: datetime) -> bool:
        """Whether the viewer may see the customer that the event left behind."""
        return self.facts_after is not None and self.facts_after.is_open_to(administrator_id, now)

    def hold(self, administrator_id: str | None) -> Hold | None:
        """The hold on the customer that the viewer's sight of it rests on; None for those who see all."""
        if administrator_id is None or self.facts_after is None:
            return None
        return Hold(self.document["customer_id"], self.facts_after.access_until.get(administrator_id))

    def turned_holds(self) -> dict[str, datetime | None]:
        """Whose hold on the customer the event changed, and until when it stands since: None for good, or LOST."""
        before = {} if self.facts_before is None else self.facts_before.holds
        after = {} if self.facts_after is None else self.facts_after.holds
        if before == after:
            return {}
        named = before.keys() | after.keys()
        return {
            one: after.get(one, LOST) for one in named if (one in after) != (one in before) or before[one] != after[one]
        }


def cluster_time(stamp: Timestamp) -> int:
    """The database's timestamp as one number that compares as it does."""
    return int(stamp.time) << 32 | int(stamp.inc)


def timestamp(time: int) -> Timestamp:
    """The number as the database's timestamp."""
    return Timestamp(time >> 32, time & 0xFFFFFFFF)


def time_of_token(token: Mapping[str, Any]) -> int:
    """The cluster time that a resume token begins with (an event's, or a batch's)."""
    return int(token["_data"][_TIME_DIGITS], 16)
