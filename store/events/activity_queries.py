"""Queries of the activity: their index keys, and which events the viewer may see."""

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
    """A position in the log, newest first."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class EventQuery:
    """The query of a list; unless `is_exact`, visibility must be checked for each event that it returns."""

    where: Document
    hint: str
    is_exact: bool

    def after(self, position: EventPosition | None) -> Document:
        """Return the condition for the events after the position, that is, the older ones."""
        if position is None:
            return self.where
        at = {**self.where.get("at", {}), "$lte": position.at}
        is_after = {"$or": [{"at": {"$lt": position.at}}, {"_id": {"$lt": position.id}}]}
        return {**self.where, "at": at, "$and": [is_after]}


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


def _match_condition(condition: ActivityCondition) -> Document:
    where: Document = {}
    values_by_field = {"kind": condition.kinds, "actor_id": condition.actors, "customer_id": condition.customers}
    where.update(
        (name, {"$in": list(map(str, values))}) for name, values in values_by_field.items() if values is not None
    )
    at: dict[str, Any] = {}
    if condition.since is not None:
        at["$gte"] = condition.since
    if condition.until is not None:
        at["$lt"] = condition.until
    return {**where, "at": at} if at else where


def _index_keys(condition: ActivityCondition) -> list[str]:
    """Return the index keys of the most selective part of the condition; empty without one."""
    by_selectivity = (("customer", condition.customers), ("actor", condition.actors), ("kind", condition.kinds))
    for name, values in by_selectivity:
        if values is not None:
            return [event_key(name, str(value)) for value in values]
    return []
