"""Events in memory: their position, partner and visibility."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from domain.cursors.feed import Position
from domain.types import ActivityKind
from store.database.client import Document, Timestamp
from store.database.scope import administrator_key
from store.events.facts import KEYS_GAINED, KEYS_LOST, is_difference

# The end of an access grant that was removed.
REVOKED = datetime.min  # noqa: DTZ901  Instants are naive UTC throughout.
# Events that can remove an administrator's access: only of these the field `changes` is read.
ACCESS_EVENT_KINDS = frozenset({ActivityKind.ADMINISTRATOR_REMOVED, ActivityKind.ADMINISTRATOR_CHANGED})
_ADMINISTRATOR_PREFIX = administrator_key("")
# Larger sets are not shared: they are rare, and would fill the memory of the caches.
_MAX_SHARED_KEYS = 64
_NO_EXPIRIES: Mapping[str, datetime] = {}
# A resume token is hexadecimal: one byte for the type "timestamp", then the timestamp's eight bytes.
_TIME_DIGITS = slice(2, 18)


def _intern_keys(keys: tuple[str, ...]) -> frozenset[str]:
    """Return the keys as a set of interned strings; equal sets of many customers share one object."""
    return _share_keys(keys) if len(keys) <= _MAX_SHARED_KEYS else frozenset(map(intern, keys))


def _exchange_keys(keys: frozenset[str], removed: tuple[str, ...], added: tuple[str, ...]) -> frozenset[str]:
    """Return the keys without some and with others; equal sets of many customers share one object."""
    if len(keys) + len(added) <= _MAX_SHARED_KEYS:
        return _share_exchanged_keys(keys, removed, added)
    return keys.difference(removed).union(map(intern, added))


@lru_cache(maxsize=2_000)
def _share_keys(keys: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(intern, keys))


@lru_cache(maxsize=2_000)
def _share_exchanged_keys(keys: frozenset[str], removed: tuple[str, ...], added: tuple[str, ...]) -> frozenset[str]:
    return keys.difference(removed).union(map(intern, added))


@lru_cache(maxsize=1_000)
def _intern_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words; consecutive events of a customer share one tuple."""
    return tuple(map(intern, words))


def _is_administrator_key(key: str) -> bool:
    return key.startswith(_ADMINISTRATOR_PREFIX)


class EventFacts(Struct, frozen=True):
    """What filters and visibility read of a customer, at the moment of an event."""

    keys: frozenset[str]
    words: tuple[str, ...]
    access_until: Mapping[str, datetime]
    created_at: datetime | None = None
    last_administrator_sign_in_at: datetime | None = None

    @classmethod
    def from_document(cls, stored: Mapping[str, Any] | None) -> "EventFacts | None":
        """Return the facts stored in an event; None where there was no customer."""
        if stored is None:
            return None
        return cls(
            _intern_keys(tuple(stored["keys"])),
            _intern_words(tuple(stored["words"])),
            stored.get("access_until") or _NO_EXPIRIES,
            stored.get("created_at"),
            stored.get("last_administrator_sign_in_at"),
        )

    def before(self, stored: Mapping[str, Any]) -> "EventFacts":
        """Return the facts before the event of which these are the facts after; `stored` is what differs."""
        lost, gained = tuple(stored[KEYS_LOST]), tuple(stored[KEYS_GAINED])
        others = {name: stored[name] for name in stored if name not in (KEYS_LOST, KEYS_GAINED)}
        if not (lost or gained or others):
            return self
        if "words" in others:
            others["words"] = _intern_words(tuple(others["words"]))
        return replace(self, keys=_exchange_keys(self.keys, gained, lost), **others)

    def is_visible_to(self, administrator_id: str | None, now: datetime) -> bool:
        """Return whether the assigned administrator sees the customer; None stands for an unrestricted viewer."""
        if administrator_id is None:
            return True
        until = self.access_until.get(administrator_id)
        return administrator_key(administrator_id) in self.keys and (until is None or now < until)

    def has_equal_grants(self, other: "EventFacts") -> bool:
        """Return whether `other.grants` are equal; most events change no access, and few keys."""
        differing = self.keys ^ other.keys
        return self.access_until == other.access_until and not any(map(_is_administrator_key, differing))

    @property
    def grants(self) -> dict[str, datetime | None]:
        """Return the end of each assigned administrator's access; None for no end."""
        ids = (key.removeprefix(_ADMINISTRATOR_PREFIX) for key in self.keys if _is_administrator_key(key))
        return {administrator_id: self.access_until.get(administrator_id) for administrator_id in ids}


class AccessGrant(NamedTuple):
    """An assigned administrator's access to a customer after an event: a result that depends on it expires with it."""

    customer_id: str
    until: datetime | None


class FeedEvent(Struct, frozen=True):
    """One event of the stream; `document` is what store/events/log.py wrote, without the fields that no listener reads.

    The facts are separate from the document. Thousands of events are kept in memory, and Python's garbage collector
    traverses containers of containers: documents with lists caused pauses of 20 to 80 ms, flat documents cause none.
    """

    position: Position
    document: Document
    facts_before: EventFacts | None
    facts_after: EventFacts | None

    def __repr__(self) -> str:
        # The facts are long, and the names and words of a customer.
        return f"FeedEvent({self.position}, {self.document})"

    @classmethod
    def from_change(cls, change: Document) -> "FeedEvent":
        """Return the event of an insert on the change stream."""
        document = change["fullDocument"]
        position = Position(cluster_time(change["clusterTime"]), change["_id"]["_data"])
        before, after = read_event_facts(document.pop("facts_before", None), document.pop("facts_after", None))
        document.pop("keys", None)
        if document.get("kind") not in ACCESS_EVENT_KINDS:
            document.pop("changes", None)
        return cls(position, document, after if before == after else before, after)

    @property
    def partner_id(self) -> str:
        """The partner that the event belongs to."""
        return str(self.document["partner_id"])

    def is_visible(self, administrator_id: str | None, now: datetime) -> bool:
        """Return whether the viewer sees the customer as it is after the event."""
        return self.facts_after is not None and self.facts_after.is_visible_to(administrator_id, now)

    def access_grant(self, administrator_id: str | None) -> AccessGrant | None:
        """Return the grant that makes the customer visible to the viewer; None for an unrestricted viewer."""
        if administrator_id is None or self.facts_after is None:
            return None
        return AccessGrant(self.document["customer_id"], self.facts_after.access_until.get(administrator_id))

    def changed_grants(self) -> dict[str, datetime | None]:
        """Return the new end of each grant that the event changed: None for no end, REVOKED for a removed grant."""
        facts_before, facts_after = self.facts_before, self.facts_after
        if facts_before is not None and facts_after is not None and facts_before.has_equal_grants(facts_after):
            return {}
        before = {} if facts_before is None else facts_before.grants
        after = {} if facts_after is None else facts_after.grants
        return {
            id_: after.get(id_, REVOKED)
            for id_ in before.keys() | after.keys()
            if (id_ in after) != (id_ in before) or before[id_] != after[id_]
        }


def read_event_facts(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[EventFacts | None, EventFacts | None]:
    """Return the facts before and after an event from their stored form (store/events/facts.py)."""
    facts_after = EventFacts.from_document(after)
    if before is not None and facts_after is not None and is_difference(before):
        return facts_after.before(before), facts_after
    return EventFacts.from_document(before), facts_after


def cluster_time(stamp: Timestamp) -> int:
    """Return a timestamp of the database as one number, which sorts equally."""
    return int(stamp.time) << 32 | int(stamp.inc)


def timestamp(time: int) -> Timestamp:
    """Return the number as a timestamp of the database."""
    return Timestamp(time >> 32, time & 0xFFFFFFFF)


def token_time(token: Mapping[str, Any]) -> int:
    """Return the cluster time at the start of a resume token, of an event or a batch."""
    return int(token["_data"][_TIME_DIGITS], 16)
