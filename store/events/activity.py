"""The activity: pages of the log, each event only to who may see it, whatever the size of log and sight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from domain.cursors.list import CursorValueKind, decode_list_cursor, encode_list_cursor, list_digest
from domain.paging import Page, PageRequest
from domain.partner.activity import ActivityCondition
from domain.permissions import Permission, has_permission
from domain.types import ActivityKind
from store.database.client import Document
from store.database.scope import Scope
from store.events.activity_queries import SORT, ActivityVisibility, EventPosition, EventQuery, plan_activity_query
from store.events.log import COLLECTION

PROJECTION: Document = {"facts_before": 0, "facts_after": 0, "changes": 0, "keys": 0}
_KINDS: tuple[CursorValueKind, ...] = ("instant", "text")


@dataclass(frozen=True, slots=True)
class EventDocument:
    """Something that happened, as the API shows it."""

    id: str
    kind: ActivityKind
    at: datetime
    actor_id: str | None
    customer_id: str | None
    subject_id: str
    summary: str

    @classmethod
    def read(cls, document: Document) -> Self:
        """The typed form of a document of the collection."""
        same = {name: document[name] for name in ("at", "actor_id", "customer_id", "subject_id", "summary")}
        return cls(id=document["_id"], kind=ActivityKind(document["kind"]), **same)


@dataclass(frozen=True, slots=True)
class ActivityPage(Page[EventDocument]):
    """A page that may end behind its last row: there, where the search for more was given up for this time."""

    end: str | None

    @property
    def end_cursor(self) -> str | None:
        """From where to go on; a page without rows may have one."""
        return self.end


class ActivityLimits(NamedTuple):
    """The limits of a page: with more than `max_customers` customers, all events are read, `batch_size` at a time.

    MongoDB merges up to 200 stretches of an index in order; beyond that it would sort all that they hold.
    """

    max_customers: int = 150
    batch_size: int = 500
    max_examined: int = 5_000


DEFAULT_LIMITS = ActivityLimits()


class _EventRows(NamedTuple):
    """The rows of a page, whether there may be more, and where the search for them goes on."""

    rows: list[EventDocument]
    has_next: bool
    end: EventPosition | None


class Activity:
    """The log as the scope's viewer may read it."""

    def __init__(self, scope: Scope, limits: ActivityLimits = DEFAULT_LIMITS) -> None:
        self._scope, self._limits = scope, limits
        self._visibility = ActivityVisibility(scope)
        self._collection = scope.collection(COLLECTION)

    async def page(self, condition: ActivityCondition, request: PageRequest) -> ActivityPage:
        """One page, the newest first; InvalidCursor for a cursor of another list."""
        digest = list_digest(self._scope.partner_id, COLLECTION, condition)
        place = None if request.after is None else _read_position(decode_list_cursor(digest, _KINDS, request.after))
        found = _EventRows([], False, None)
        if not condition.is_impossible:
            found = await self._read_rows(
                await plan_activity_query(self._visibility, condition, self._limits.max_customers), place, request.size
            )
        return _page(digest, found, has_previous=place is not None)

    async def first_pages(self, asked: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], ActivityPage]:
        """The first pages of the logs of those of the customers that are in sight, by customer and size."""
        found = await self._read_newest(sorted({id_ for id_, _ in asked}), max(size for _, size in asked))
        return {(id_, size): self._first_page(id_, found[id_], size) for id_, size in asked if id_ in found}

    async def _read_newest(self, customer_ids: list[str], size: int) -> Mapping[str, list[Document]]:
        """The newest events of each customer in sight, one more than `size`, in one query."""
        key = {"$concat": ["customer:", "$_id"]}
        inner = [{"$match": self._scope.match()}, {"$sort": dict(SORT)}, {"$limit": size + 1}, {"$project": PROJECTION}]
        joined = {"from": COLLECTION, "localField": "key", "foreignField": "keys", "pipeline": inner, "as": "events"}
        where = {**self._scope.match_customers(), "_id": {"$in": customer_ids}}
        stages = [{"$match": where}, {"$project": {"key": key}}, {"$lookup": joined}]
        found = await self._scope.collection("customers").aggregate(stages)
        return {one["_id"]: one["events"] for one in found}

    def _first_page(self, customer_id: str, events: Sequence[Document], size: int) -> ActivityPage:
        digest = list_digest(self._scope.partner_id, COLLECTION, ActivityCondition(customers=(customer_id,)))
        return _page(digest, _limit_rows([EventDocument.read(event) for event in events], size), has_previous=False)

    async def by_ids(self, ids: Sequence[str]) -> dict[str, EventDocument]:
        """Those of the ids that are events in sight; none for a role that does not read the log."""
        if self._scope.role is not None and not has_permission(self._scope.role, Permission.READ_ACTIVITY):
            return {}
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        found = await self._visibility.filter_visible(await self._collection.find(where, PROJECTION))
        return {document["_id"]: EventDocument.read(document) for document in found}

    async def _read_rows(self, query: EventQuery, place: EventPosition | None, size: int) -> _EventRows:
        rows: list[EventDocument] = []
        examined, limit = 0, size + 1 if query.is_exact else self._limits.batch_size
        while True:
            where = query.after(place)
            read = await self._collection.find(where, PROJECTION, sort=SORT, limit=limit, hint=query.hint)
            seen = read if query.is_exact else await self._visibility.filter_visible(read)
            rows += map(EventDocument.read, seen)
            examined += len(read)
            if len(rows) > size or len(read) < limit:
                return _limit_rows(rows, size)
            place = EventPosition(read[-1]["at"], read[-1]["_id"])
            if examined >= self._limits.max_examined:
                return _EventRows(rows, True, place)


def _limit_rows(rows: list[EventDocument], size: int) -> _EventRows:
    shown = rows[:size]
    return _EventRows(shown, len(rows) > size, EventPosition(shown[-1].at, shown[-1].id) if shown else None)


def _read_position(values: Sequence[Any]) -> EventPosition:
    at, id_ = values
    return EventPosition(at, id_)


def _page(digest: bytes, found: _EventRows, *, has_previous: bool) -> ActivityPage:
    end = None if found.end is None else encode_list_cursor(digest, found.end)
    return ActivityPage(
        found.rows, found.has_next, has_previous, lambda row: encode_list_cursor(digest, (row.at, row.id)), end
    )
