"""How a list of the activity is read: by which keys of the index of events, and what of it the viewer may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from domain.partner.activity import ActivityCondition
from domain.permissions import can_see_all_customers
from store.database.client import Document
from store.database.scope import Scope
from store.events.log import KEYS_INDEX, NEWEST_INDEX, event_key

SORT = [("at", -1), ("_id", -1)]


class EventPosition(NamedTuple):
    """Where an event stands in the log."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class EventQuery:
    """What finds the events of a list; where it is not `is_exact`, those found are still to be looked at one by one."""

    where: Document
    hint: str
    is_exact: bool

    def after(self, place: EventPosition | None) -> Document:
        """The same, for the events behind a place."""
        if place is None:
            return self.where
        at = {**self.where.get("at", {}), "$lte": place.at}
        later = {"$or": [{"at": {"$lt": place.at}}, {"_id": {"$lt": place.id}}]}
        return {**self.where, "at": at, "$and": [later]}


class ActivityVisibility:
    """What the viewer may see of the log: all, or what their customers of now went through and what they did."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    @property
    def sees_everything(self) -> bool:
        """Whether nothing of the partner's log is hidden."""
        return self.scope.role is None or can_see_all_customers(self.scope.role)

    async def visible_customer_ids(self, ids: Sequence[str] | None = None, limit: int = 0) -> set[str]:
        """The customers in sight, of these or of all."""
        among = {} if ids is None else {"_id": {"$in": list(ids)}}
        where = {**self.scope.match_customers(), **among}
        return {one["_id"] for one in await self.scope.collection("customers").find(where, {"_id": 1}, limit=limit)}

    async def filter_visible(self, events: list[Document]) -> list[Document]:
        """Those of the events that the viewer may see, in one query."""
        if self.sees_everything:
            return events
        named = {event["customer_id"] for event in events if not self._is_own_action(event)} - {None}
        seen = await self.visible_customer_ids(sorted(named)) if named else set()
        return [event for event in events if self._is_own_action(event) or event["customer_id"] in seen]

    def _is_own_action(self, event: Document) -> bool:
        return bool(event["actor_id"] == self.scope.administrator_id)


async def plan_activity_query(sight: ActivityVisibility, condition: ActivityCondition, few: int) -> EventQuery:
    """The query of a list, which is exact for who holds at most so few customers; the condition is not impossible."""
    where = {**sight.scope.match(), **_match_condition(condition)}
    keys = _index_keys(condition)
    is_exact = True
    if not sight.sees_everything:
        me = str(sight.scope.administrator_id)
        asked = condition.customers
        seen = sorted(await sight.visible_customer_ids(asked, 0 if asked else few + 1))
        is_exact = asked is not None or len(seen) <= few
        if is_exact:
            where["$or"] = [{"actor_id": me}, {"customer_id": {"$in": seen}}]
        if is_exact and not (condition.customers or condition.actors):
            keys = [event_key("actor", me), *(event_key("customer", one) for one in seen)]
    if not keys:
        return EventQuery(where, NEWEST_INDEX, is_exact)
    return EventQuery({**where, "keys": {"$in": keys}}, KEYS_INDEX, is_exact)


def _match_condition(condition: ActivityCondition) -> Document:
    where: Document = {}
    chosen = {"kind": condition.kinds, "actor_id": condition.actors, "customer_id": condition.customers}
    where.update((name, {"$in": list(map(str, values))}) for name, values in chosen.items() if values is not None)
    at: dict[str, Any] = {}
    if condition.since is not None:
        at["$gte"] = condition.since
    if condition.until is not None:
        at["$lt"] = condition.until
    return {**where, "at": at} if at else where


def _index_keys(condition: ActivityCondition) -> list[str]:
    """What the index is read by: of what is asked, that which few events have."""
    named = (("customer", condition.customers), ("actor", condition.actors), ("kind", condition.kinds))
    for name, values in named:
        if values is not None:
            return [event_key(name, str(value)) for value in values]
    return []
