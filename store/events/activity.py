"""The activity: pages of the log, each event only to who may see it, whatever the size of log and sight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from domain.cursors.list import Kind, list_digest, read_cursor, write_cursor
from domain.paging import Page, PageRequest
from domain.partner.activity import ActivityCondition
from domain.permissions import Permission, allows
from domain.types import ActivityKind
from store.database.client import Document
from store.database.scope import Scope
from store.events.activity_queries import SORT, EventQuery, Place, Sight, activity_query
from store.events.log import COLLECTION

PROJECTION: Document = {"facts_before": 0, "facts_after": 0, "changes": 0, "keys": 0}
_KINDS: tuple[Kind, ...] = ("instant", "text")


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


class Bounds(NamedTuple):
    """How a page is bounded: who holds more than `few` customers walks the log of all, `at_once` events a step.

    MongoDB merges up to 200 stretches of an index in order; beyond that it would sort all that they hold.
    """

    few: int = 150
    at_once: int = 500
    examined: int = 5_000


USUAL = Bounds()


class _Found(NamedTuple):
    """The rows of a page, whether there may be more, and where the search for them goes on."""

    rows: list[EventDocument]
    has_next: bool
    end: Place | None


class Activity:
    """The log as the scope's viewer may read it."""

    def __init__(self, scope: Scope, bounds: Bounds = USUAL) -> None:
        self._scope, self._bounds = scope, bounds
        self._sight = Sight(scope)
        self._collection = scope.collection(COLLECTION)

    async def page(self, condition: ActivityCondition, request: PageRequest) -> ActivityPage:
        """One page, the newest first; InvalidCursor for a cursor of another list."""
        digest = list_digest(self._scope.partner_id, COLLECTION, condition)
        place = None if request.after is None else _place(read_cursor(digest, _KINDS, request.after))
        found = _Found([], False, None)
        if not condition.is_impossible:
            found = await self._found(
                await activity_query(self._sight, condition, self._bounds.few), place, request.size
            )
        return _page(digest, found, has_previous=place is not None)

    async def newest(self, asked: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], ActivityPage]:
        """The first pages of the logs of those of the customers that are in sight, by customer and size."""
        found = await self._newest(sorted({id_ for id_, _ in asked}), max(size for _, size in asked))
        return {(id_, size): self._first_page(id_, found[id_], size) for id_, size in asked if id_ in found}

    async def _newest(self, customer_ids: list[str], size: int) -> Mapping[str, list[Document]]:
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
        return _page(digest, _cut([EventDocument.read(event) for event in events], size), has_previous=False)

    async def by_ids(self, ids: Sequence[str]) -> dict[str, EventDocument]:
        """Those of the ids that are events in sight; none for a role that does not read the log."""
        if self._scope.role is not None and not allows(self._scope.role, Permission.READ_ACTIVITY):
            return {}
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        found = await self._sight.visible(await self._collection.find(where, PROJECTION))
        return {document["_id"]: EventDocument.read(document) for document in found}

    async def _found(self, query: EventQuery, place: Place | None, size: int) -> _Found:
        rows: list[EventDocument] = []
        examined, limit = 0, size + 1 if query.is_exact else self._bounds.at_once
        while True:
            where = query.behind(place)
            read = await self._collection.find(where, PROJECTION, sort=SORT, limit=limit, hint=query.hint)
            seen = read if query.is_exact else await self._sight.visible(read)
            rows += map(EventDocument.read, seen)
            examined += len(read)
            if len(rows) > size or len(read) < limit:
                return _cut(rows, size)
            place = Place(read[-1]["at"], read[-1]["_id"])
            if examined >= self._bounds.examined:
                return _Found(rows, True, place)


def _cut(rows: list[EventDocument], size: int) -> _Found:
    shown = rows[:size]
    return _Found(shown, len(rows) > size, Place(shown[-1].at, shown[-1].id) if shown else None)


def _place(values: Sequence[Any]) -> Place:
    at, id_ = values
    return Place(at, id_)


def _page(digest: bytes, found: _Found, *, has_previous: bool) -> ActivityPage:
    end = None if found.end is None else write_cursor(digest, found.end)
    return ActivityPage(
        found.rows, found.has_next, has_previous, lambda row: write_cursor(digest, (row.at, row.id)), end
    )
