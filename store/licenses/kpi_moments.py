"""The next moments at which time alone may turn a figure over what customers hold."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.customers.keys import EVERYBODY
from domain.entitlements.peer_groups import LEAST_AGE, peers_added_until
from domain.time.instants import FOREVER
from store.customers.conditions import one_of
from store.customers.list_planner.orders import KEYS_INDEX
from store.database.client import Document
from store.database.scope import Scope
from store.licenses.lines import ADDED_INDEX, COLLECTION, ENDS_INDEX, large


async def window_turns_at(scope: Scope, products: Sequence[str], days: int) -> datetime:
    """When the next end of a running line enters the window of so many days, or passes."""
    window, running = timedelta(days=days), {"is_running": True}
    entering = await _next(scope, products, "ends_at", scope.now + window, ENDS_INDEX, running)
    passing = await _next(scope, products, "ends_at", scope.now, ENDS_INDEX, running)
    return min(passing, FOREVER if entering == FOREVER else entering - window)


async def peers_turn_at(scope: Scope, products: Sequence[str]) -> datetime:
    """When the next running line becomes old enough for its peer group."""
    added = await _next(scope, products, "added_at", peers_added_until(scope.now), ADDED_INDEX, large())
    return FOREVER if added == FOREVER else added + LEAST_AGE


async def sight_turns_at(scope: Scope) -> datetime:
    """When the viewer's next assignment may expire; one that has, and still stands there, lies in the past."""
    if scope.visibility_key == EVERYBODY:
        return FOREVER
    where = {**scope.match_customers(), "next_unassignment_at": {"$ne": None}}
    order = [("next_unassignment_at", 1)]
    found = await scope.collection("customers").find(
        where, {"next_unassignment_at": 1}, sort=order, limit=1, hint=KEYS_INDEX
    )
    soonest: datetime = found[0]["next_unassignment_at"] if found else FOREVER
    return soonest


async def _next(
    scope: Scope, products: Sequence[str], field: str, after: datetime, index: str, further: Document
) -> datetime:
    where = {**scope.match(), "product": one_of(products), field: {"$gt": after}, **further}
    found = await scope.collection(COLLECTION).find(where, {field: 1}, sort=[(field, 1)], limit=1, hint=index)
    soonest: datetime = found[0][field] if found else FOREVER
    return soonest
