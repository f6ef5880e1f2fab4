"""Queries of the activity: their index keys, and which events the viewer may see."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from domain.batches import split_into_batches
from domain.partner.activity import ActivityCondition
from domain.permissions import can_see_all_customers
from store.database.client import Document
from store.database.scope import Scope
from store.events.log import COLLECTION, KEYS_INDEX, NEWEST_INDEX, event_key

SORT = [("at", -1), ("_id", -1)]
OLDEST_FIRST = [("at", 1), ("_id", 1)]
_IDS_PER_COUNT = 1_000


class EventPosition(NamedTuple):
    """A position in the log, newest first."""

    at: datetime
    id: str


class EventQuery(Struct, frozen=True):
    """The query of a list; unless `is_exact`, visibility must be checked for each event that it returns."""

    where: Document
    hint: str
    is_exact: bool

    def between(self, after: EventPosition | None, before: EventPosition | None) -> Document:
        """Return the condition for the events between two positions: older than `after`, newer than `before`."""
        limits: list[Document] = []
        if after is not None:
            limits += [{"at": {"$lte": after.at}}, {"$or": [{"at": {"$lt": after.at}}, {"_id": {"$lt": after.id}}]}]
        if before is not None:
            limits += [{"at": {"$gte": before.at}}, {"$or": [{"at": {"$gt": before.at}}, {"_id": {"$gt": before.id}}]}]
        return {**self.where, "$and": limits} if limits else self.where


class EventRange(Struct, frozen=True):
    """The events of a query between two positions, read from the newer one on, or backward from the older one on."""

    query: EventQuery
    after: EventPosition | None
    before: EventPosition | None
    is_backward: bool

    @property
    def where(self) -> Document:
        """The condition of the events in the range."""
        return self.query.between(self.after, self.before)

    @property
    def sort(self) -> list[tuple[str, int]]:
        """The order in which the events are read."""
        return OLDEST_FIRST if self.is_backward else SORT

    def from_position(self, position: EventPosition) -> "EventRange":
        """Return the rest of the range, after the event that was read last."""
        return replace(self, before=position) if self.is_backward else replace(self, after=position)


class ActivityVisibility:
    """Which events the viewer may see: all, or those of customers visible now and the viewer's own actions."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    @property
    def sees_everything(self) -> bool:
        """Whether the viewer may see every event of the partner."""
        return self.scope.role is None or can_see_all_customers(self.scope.role)

    async def visible_customer_ids(self, ids: Sequence[str] | None = None, limit: int = 0) -> set[str]:
        """Return the visible customers, of the given ones or of all; a limit of 0 is none."""
        where = {**self.scope.match_customers(), **({} if ids is None else {"_id": {"$in": list(ids)}})}
        customers = await self.scope.collection("customers").find(where, {"_id": 1}, limit=limit)
        return {customer["_id"] for customer in customers}

    async def filter_visible(self, events: list[Document]) -> list[Document]:
        """Return the events that the viewer may see, with one query."""
        if self.sees_everything:
            return events
        customer_ids = {event["customer_id"] for event in events if not self._is_own_action(event)} - {None}
        visible = await self.visible_customer_ids(sorted(customer_ids)) if customer_ids else set()
        return [event for event in events if self._is_own_action(event) or event["customer_id"] in visible]

    def _is_own_action(self, event: Document) -> bool:
        return bool(event["actor_id"] == self.scope.administrator_id)


async def plan_activity_query(
    visibility: ActivityVisibility, condition: ActivityCondition, max_customers: int
) -> EventQuery:
    """Return the query of a list whose condition is not impossible.

    It is exact for a viewer with at most `max_customers` visible customers, and where the condition names customers.
    """
    where = {**visibility.scope.match(), **_match_condition(condition)}
    keys = _index_keys(condition)
    is_exact = True
    if not visibility.sees_everything:
        administrator_id = str(visibility.scope.administrator_id)
        customers = condition.customers
        visible = sorted(await visibility.visible_customer_ids(customers, 0 if customers else max_customers + 1))
        is_exact = customers is not None or len(visible) <= max_customers
        if is_exact:
            where["$or"] = [{"actor_id": administrator_id}, {"customer_id": {"$in": visible}}]
        if is_exact and not (condition.customers or condition.actors):
            keys = [event_key("actor", administrator_id), *(event_key("customer", id_) for id_ in visible)]
    if not keys:
        return EventQuery(where, NEWEST_INDEX, is_exact)
    return EventQuery({**where, "keys": {"$in": keys}}, KEYS_INDEX, is_exact)


async def count_events(visibility: ActivityVisibility, condition: ActivityCondition) -> int:
    """Return the number of events of a list that the viewer may see; each count reads one range of an index a key."""
    if condition.is_impossible:
        return 0
    tenant = visibility.scope.match()
    if visibility.sees_everything:
        # The keys decide one condition, so that a count with no other reads no document.
        rest = _match_condition(condition, without=_index_dimension(condition))
        return await _count(visibility.scope, {**tenant, **rest}, _index_keys(condition))
    where = {**tenant, **_match_condition(condition)}
    administrator_id = str(visibility.scope.administrator_id)
    visible = sorted(await visibility.visible_customer_ids(condition.customers))
    own = {**where, "$and": [{"actor_id": administrator_id}]}
    counts = [await _count(visibility.scope, own, [event_key("actor", administrator_id)])]
    for ids in split_into_batches(visible, _IDS_PER_COUNT):
        of_others = {**where, "$and": [{"actor_id": {"$ne": administrator_id}}, {"customer_id": {"$in": list(ids)}}]}
        counts.append(await _count(visibility.scope, of_others, [event_key("customer", id_) for id_ in ids]))
    return sum(counts)


async def _count(scope: Scope, where: Document, keys: Sequence[str]) -> int:
    query = {**where, "keys": {"$in": list(keys)}} if keys else where
    return await scope.collection(COLLECTION).count(query, hint=KEYS_INDEX if keys else NEWEST_INDEX)


def _match_condition(condition: ActivityCondition, *, without: str = "") -> Document:
    """Return the condition on fields, except the one that index keys decide already."""
    where: Document = {
        field: {"$in": list(map(str, values))}
        for name, field, values in _value_conditions(condition)
        if values is not None and name != without
    }
    at: dict[str, Any] = {}
    if condition.since is not None:
        at["$gte"] = condition.since
    if condition.until is not None:
        at["$lt"] = condition.until
    return {**where, "at": at} if at else where


def _value_conditions(condition: ActivityCondition) -> list[tuple[str, str, Sequence[str] | None]]:
    """Return name, field and values of each condition, the most selective first."""
    return [
        ("customer", "customer_id", condition.customers),
        ("actor", "actor_id", condition.actors),
        ("kind", "kind", condition.kinds),
    ]


def _index_dimension(condition: ActivityCondition) -> str:
    """Return the name of the most selective condition on values; empty without one."""
    return next((name for name, _, values in _value_conditions(condition) if values is not None), "")


def _index_keys(condition: ActivityCondition) -> list[str]:
    """Return the index keys of the most selective part of the condition; empty without one."""
    for name, _, values in _value_conditions(condition):
        if values is not None:
            return [event_key(name, str(value)) for value in values]
    return []
