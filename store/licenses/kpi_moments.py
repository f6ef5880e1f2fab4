"""The next moments at which time alone can change a KPI.

A KPI that is cached is valid until the earliest of them, or until an event of the partner.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.customers.keys import ALL_CUSTOMERS_KEY
from domain.entitlements.peer_groups import MIN_PEER_AGE, latest_peer_addition
from domain.time.instants import MAX_INSTANT
from store.customers.conditions import equals_any
from store.customers.orders import KEYS_INDEX
from store.database.client import Document
from store.database.scope import Scope
from store.licenses.lines import ADDED_INDEX, COLLECTION, ENDS_INDEX, match_peer_candidates


async def next_window_change(scope: Scope, products: Sequence[str], days: int) -> datetime:
    """Return when the next end of a running line enters the window of `days`, or passes; MAX_INSTANT for never."""
    window, running = timedelta(days=days), {"is_running": True}
    entering = await _next_moment(scope, products, "ends_at", scope.now + window, ENDS_INDEX, running)
    passing = await _next_moment(scope, products, "ends_at", scope.now, ENDS_INDEX, running)
    return min(passing, MAX_INSTANT if entering == MAX_INSTANT else entering - window)


async def next_peer_group_change(scope: Scope, products: Sequence[str]) -> datetime:
    """Return when the next running line becomes old enough for its peer group; MAX_INSTANT for never."""
    added = await _next_moment(
        scope, products, "added_at", latest_peer_addition(scope.now), ADDED_INDEX, match_peer_candidates()
    )
    return MAX_INSTANT if added == MAX_INSTANT else added + MIN_PEER_AGE


async def next_visibility_change(scope: Scope) -> datetime:
    """Return when the viewer's next assignment expires; MAX_INSTANT for never.

    The result is in the past for an expired assignment that the job has not removed yet.
    """
    if scope.visibility_key == ALL_CUSTOMERS_KEY:
        return MAX_INSTANT
    where = {**scope.match_customers(), "next_unassignment_at": {"$ne": None}}
    order = [("next_unassignment_at", 1)]
    customers = await scope.collection("customers").find(
        where, {"next_unassignment_at": 1}, sort=order, limit=1, hint=KEYS_INDEX
    )
    soonest: datetime = customers[0]["next_unassignment_at"] if customers else MAX_INSTANT
    return soonest


async def _next_moment(
    scope: Scope, products: Sequence[str], field: str, after: datetime, index: str, condition: Document
) -> datetime:
    where = {**scope.match(), "product": equals_any(products), field: {"$gt": after}, **condition}
    lines = await scope.collection(COLLECTION).find(where, {field: 1}, sort=[(field, 1)], limit=1, hint=index)
    soonest: datetime = lines[0][field] if lines else MAX_INSTANT
    return soonest
