"""The activity: pages of the log, limited to the events that the viewer may see."""

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
    """An event as the API shows it."""

    id: str
    kind: ActivityKind
    at: datetime
    actor_id: str | None
    customer_id: str | None
    subject_id: str
    summary: str

    @classmethod
    def read(cls, document: Document) -> Self:
        """Return the typed form of a stored event."""
        fields = {name: document[name] for name in ("at", "actor_id", "customer_id", "subject_id", "summary")}
        return cls(id=document["_id"], kind=ActivityKind(document["kind"]), **fields)


@dataclass(frozen=True, slots=True)
class ActivityPage(Page[EventDocument]):
    """A page whose end cursor may lie after its last row, where the search for more events stopped."""

    end: str | None

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the next page; a page without rows may have one."""
        return self.end


class ActivityLimits(NamedTuple):
    """The limits of a page.

    For a viewer with more than `max_customers` customers, all events are read in batches of `batch_size` and filtered,
    at most `max_examined` for one page. MongoDB merges at most 200 index ranges in order; above that it sorts them.
    """

    max_customers: int = 150
    batch_size: int = 500
    max_examined: int = 5_000


DEFAULT_LIMITS = ActivityLimits()


class _EventRows(NamedTuple):
    """The rows of a page, whether there may be more, and where the next page starts."""

    rows: list[EventDocument]
    has_next: bool
    end: EventPosition | None


class Activity:
    """The events that the scope's viewer may see."""

    def __init__(self, scope: Scope, limits: ActivityLimits = DEFAULT_LIMITS) -> None:
        self._scope, self._limits = scope, limits
        self._visibility = ActivityVisibility(scope)
        self._collection = scope.collection(COLLECTION)

    async def page(self, condition: ActivityCondition, request: PageRequest) -> ActivityPage:
        """Return one page, newest first; raise InvalidCursor for a cursor of another list."""
        digest = list_digest(self._scope.partner_id, COLLECTION, condition)
        start = None if request.after is None else _read_position(decode_list_cursor(digest, _KINDS, request.after))
        rows = _EventRows([], False, None)
        if not condition.is_impossible:
            query = await plan_activity_query(self._visibility, condition, self._limits.max_customers)
            rows = await self._read_rows(query, start, request.size)
        return _page(digest, rows, has_previous=start is not None)

    async def first_pages(self, keys: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], ActivityPage]:
        """Return the first page of each visible customer's events; a key is a customer and a page size."""
        newest = await self._read_newest(sorted({id_ for id_, _ in keys}), max(size for _, size in keys))
        return {(id_, size): self._first_page(id_, newest[id_], size) for id_, size in keys if id_ in newest}

    async def _read_newest(self, customer_ids: list[str], size: int) -> Mapping[str, list[Document]]:
        """Return the newest events of each visible customer, one more than `size`, with one query."""
        key = {"$concat": ["customer:", "$_id"]}
        inner = [{"$match": self._scope.match()}, {"$sort": dict(SORT)}, {"$limit": size + 1}, {"$project": PROJECTION}]
        joined = {"from": COLLECTION, "localField": "key", "foreignField": "keys", "pipeline": inner, "as": "events"}
        where = {**self._scope.match_customers(), "_id": {"$in": customer_ids}}
        stages = [{"$match": where}, {"$project": {"key": key}}, {"$lookup": joined}]
        customers = await self._scope.collection("customers").aggregate(stages)
        return {customer["_id"]: customer["events"] for customer in customers}

    def _first_page(self, customer_id: str, events: Sequence[Document], size: int) -> ActivityPage:
        digest = list_digest(self._scope.partner_id, COLLECTION, ActivityCondition(customers=(customer_id,)))
        return _page(digest, _limit_rows([EventDocument.read(event) for event in events], size), has_previous=False)

    async def by_ids(self, ids: Sequence[str]) -> dict[str, EventDocument]:
        """Return the visible events of the ids; none for a role without READ_ACTIVITY."""
        if self._scope.role is not None and not has_permission(self._scope.role, Permission.READ_ACTIVITY):
            return {}
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        visible = await self._visibility.filter_visible(await self._collection.find(where, PROJECTION))
        return {document["_id"]: EventDocument.read(document) for document in visible}

    async def _read_rows(self, query: EventQuery, position: EventPosition | None, size: int) -> _EventRows:
        rows: list[EventDocument] = []
        examined, limit = 0, size + 1 if query.is_exact else self._limits.batch_size
        while True:
            where = query.after(position)
            events = await self._collection.find(where, PROJECTION, sort=SORT, limit=limit, hint=query.hint)
            visible = events if query.is_exact else await self._visibility.filter_visible(events)
            rows += map(EventDocument.read, visible)
            examined += len(events)
            if len(rows) > size or len(events) < limit:
                return _limit_rows(rows, size)
            position = EventPosition(events[-1]["at"], events[-1]["_id"])
            if examined >= self._limits.max_examined:
                return _EventRows(rows, True, position)


def _limit_rows(rows: list[EventDocument], size: int) -> _EventRows:
    page_rows = rows[:size]
    end = EventPosition(page_rows[-1].at, page_rows[-1].id) if page_rows else None
    return _EventRows(page_rows, len(rows) > size, end)


def _read_position(values: Sequence[Any]) -> EventPosition:
    at, id_ = values
    return EventPosition(at, id_)


def _page(digest: bytes, rows: _EventRows, *, has_previous: bool) -> ActivityPage:
    end = None if rows.end is None else encode_list_cursor(digest, rows.end)
    return ActivityPage(
        rows.rows, rows.has_next, has_previous, lambda row: encode_list_cursor(digest, (row.at, row.id)), end
    )
