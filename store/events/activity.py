"""The activity: pages of the log, limited to the events that the viewer may see."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.cursors.list import CursorValueKind, decode_list_cursor, encode_list_cursor, list_digest
from domain.paging import EndPageKey, Page, PageRequest
from domain.partner.activity import ActivityCondition, FieldChange, field_changes
from domain.permissions import Permission, has_permission
from domain.types import ActivityKind
from store.database.client import Document
from store.database.scope import Scope
from store.database.stored_fields import StoredDocument, stored, stored_or_none
from store.events.activity_queries import (
    OLDEST_FIRST,
    SORT,
    ActivityVisibility,
    EventPosition,
    EventRange,
    count_events,
    plan_activity_query,
)
from store.events.log import COLLECTION, KEYS_INDEX, event_key

PROJECTION: Document = {"facts_before": 0, "facts_after": 0, "changes": 0, "keys": 0}
_CHANGE_FIELDS = ("kind", "changes", "entered", "left", "statuses")
_KINDS: tuple[CursorValueKind, ...] = ("instant", "text")


class EventDocument(StoredDocument):
    """An event as the API shows it."""

    id = stored(str, "_id")
    kind = stored(ActivityKind)
    at = stored(datetime)
    actor_id = stored_or_none(str)
    customer_id = stored_or_none(str)
    subject_id = stored(str)
    summary = stored(str)


class ActivityPage(Page[EventDocument], frozen=True):
    """A page that may continue beyond its last row, where the search for more events stopped.

    `continuation` is the cursor there: the end cursor of a page that was read forward, else the start cursor. A page
    without rows may have one.
    """

    continuation: str | None
    is_backward: bool

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the page before."""
        return self.continuation if self.is_backward else self._cursor_at(0)

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the next page."""
        return self._cursor_at(-1) if self.is_backward else self.continuation

    def _cursor_at(self, position: int) -> str | None:
        return self.cursor_of(self.rows[position]) if self.rows else None


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
    """The rows of a page in the order in which they were read, whether there may be more, and where reading stopped."""

    rows: list[EventDocument]
    has_more: bool
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
        after, before = (
            None if cursor is None else _read_position(decode_list_cursor(digest, _KINDS, cursor))
            for cursor in (request.after, request.before)
        )
        rows = _EventRows([], False, None)
        if not condition.is_impossible:
            query = await plan_activity_query(self._visibility, condition, self._limits.max_customers)
            rows = await self._read_rows(EventRange(query, after, before, request.is_backward), request.size)
        return _page(digest, rows, request)

    async def count(self, condition: ActivityCondition) -> int:
        """Return the number of visible events that match."""
        return await count_events(self._visibility, condition)

    async def first_pages(self, keys: Sequence[EndPageKey]) -> Mapping[EndPageKey, ActivityPage]:
        """Return the first page of each visible customer's events; a key is a customer and a page size."""
        return await self._end_pages(keys, is_backward=False)

    async def last_pages(self, keys: Sequence[EndPageKey]) -> Mapping[EndPageKey, ActivityPage]:
        """Return the last page of each visible customer's events; a key is a customer and a page size."""
        return await self._end_pages(keys, is_backward=True)

    async def counts(self, customer_ids: Sequence[str]) -> dict[str, int]:
        """Return the number of events of each customer, in one query. The caller checks that they are visible."""
        keys = [event_key("customer", id_) for id_ in customer_ids]
        groups: list[Document] = [
            {"$match": {**self._scope.match(), "keys": {"$in": keys}}},
            {"$group": {"_id": "$customer_id", "count": {"$sum": 1}}},
        ]
        counts = {group["_id"]: group["count"] for group in await self._collection.aggregate(groups, hint=KEYS_INDEX)}
        return {id_: counts.get(id_, 0) for id_ in customer_ids}

    async def changes(self, ids: Sequence[str]) -> dict[str, list[FieldChange]]:
        """Return the field changes of each event, in one query. The caller checks that the events are visible."""
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        documents = await self._collection.find(where, dict.fromkeys(_CHANGE_FIELDS, 1))
        return {document["_id"]: field_changes(document) for document in documents}

    async def _end_pages(self, keys: Sequence[EndPageKey], *, is_backward: bool) -> Mapping[EndPageKey, ActivityPage]:
        sort = OLDEST_FIRST if is_backward else SORT
        events = await self._read_ends(sorted({id_ for id_, _ in keys}), max(size for _, size in keys), dict(sort))
        return {
            (id_, size): self._end_page(id_, events[id_], size, is_backward=is_backward)
            for id_, size in keys
            if id_ in events
        }

    async def _read_ends(self, customer_ids: list[str], size: int, sort: Document) -> Mapping[str, list[Document]]:
        """Return the first events of each visible customer in this order, one more than `size`, with one query."""
        key = {"$concat": ["customer:", "$_id"]}
        inner = [{"$match": self._scope.match()}, {"$sort": sort}, {"$limit": size + 1}, {"$project": PROJECTION}]
        joined = {"from": COLLECTION, "localField": "key", "foreignField": "keys", "pipeline": inner, "as": "events"}
        where = {**self._scope.match_customers(), "_id": {"$in": customer_ids}}
        stages = [{"$match": where}, {"$project": {"key": key}}, {"$lookup": joined}]
        customers = await self._scope.collection("customers").aggregate(stages)
        return {customer["_id"]: customer["events"] for customer in customers}

    def _end_page(self, customer_id: str, events: Sequence[Document], size: int, *, is_backward: bool) -> ActivityPage:
        digest = list_digest(self._scope.partner_id, COLLECTION, ActivityCondition(customers=(customer_id,)))
        request = PageRequest(last=size) if is_backward else PageRequest(first=size)
        return _page(digest, _limit_rows([EventDocument(event) for event in events], size), request)

    async def by_ids(self, ids: Sequence[str]) -> dict[str, EventDocument]:
        """Return the visible events of the ids; none for a role without READ_ACTIVITY."""
        if self._scope.role is not None and not has_permission(self._scope.role, Permission.READ_ACTIVITY):
            return {}
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        visible = await self._visibility.filter_visible(await self._collection.find(where, PROJECTION))
        return {document["_id"]: EventDocument(document) for document in visible}

    async def _read_rows(self, range_: EventRange, size: int) -> _EventRows:
        rows: list[EventDocument] = []
        query = range_.query
        examined, limit = 0, size + 1 if query.is_exact else self._limits.batch_size
        while True:
            events = await self._collection.find(
                range_.where, PROJECTION, sort=range_.sort, limit=limit, hint=query.hint
            )
            visible = events if query.is_exact else await self._visibility.filter_visible(events)
            rows += map(EventDocument, visible)
            examined += len(events)
            if len(rows) > size or len(events) < limit:
                return _limit_rows(rows, size)
            position = EventPosition(events[-1]["at"], events[-1]["_id"])
            if examined >= self._limits.max_examined:
                return _EventRows(rows, True, position)
            range_ = range_.from_position(position)


def _limit_rows(rows: list[EventDocument], size: int) -> _EventRows:
    page_rows = rows[:size]
    end = EventPosition(page_rows[-1].at, page_rows[-1].id) if page_rows else None
    return _EventRows(page_rows, len(rows) > size, end)


def _read_position(values: Sequence[Any]) -> EventPosition:
    at, id_ = values
    return EventPosition(at, id_)


def _page(digest: bytes, read: _EventRows, request: PageRequest) -> ActivityPage:
    """Return the page. Events are never deleted before they expire, so there is a row at a cursor of the request."""
    is_backward = request.is_backward
    return ActivityPage(
        rows=read.rows[::-1] if is_backward else read.rows,
        has_next=request.before is not None or (read.has_more and not is_backward),
        has_previous=request.after is not None or (read.has_more and is_backward),
        cursor_of=lambda row: encode_list_cursor(digest, (row.at, row.id)),
        continuation=None if read.end is None else encode_list_cursor(digest, read.end),
        is_backward=is_backward,
    )
