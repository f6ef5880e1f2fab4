"""For the job, over all partners: the weeks that must be rolled up, and the deletion of superseded sums."""

from datetime import datetime, timedelta
from typing import NamedTuple

from domain.calling.calls import RAW_CALL_RETENTION
from domain.time.weeks import week_of
from store.calling.sums import COLLECTION
from store.calling.weeks import CALL_WEEKS
from store.database.client import Client, Document
from store.database.scope import Scope

# Longer than any request or aggregation may take: no reader or writer of superseded sums remains after it.
_STALE_AFTER = timedelta(seconds=60)
# While an import writes a week, roll it up once, then every 60 s, and again after 5 s without a change.
_ROLL_UP_INTERVAL, _QUIET_PERIOD = timedelta(seconds=60), timedelta(seconds=5)


class DueWeek(NamedTuple):
    """A partner's week whose raw calls have changed since its last roll-up."""

    partner_id: str
    week: datetime


async def find_due_weeks(client: Client, now: datetime, limit: int, *, is_debounced: bool = False) -> list[DueWeek]:
    """Return the completed weeks that are due, oldest first; `is_debounced` leaves out those that are changing now.

    A week whose rows have begun to expire is never rolled up again: its sums would lose the expired rows.
    """
    completed = {"$gt": now - RAW_CALL_RETENTION, "$lt": week_of(now)}
    where: Document = {"week": completed, "$expr": {"$ne": ["$version", "$rolled_up_version"]}}
    if is_debounced:
        is_quiet = {"changed_at": {"$lte": now - _QUIET_PERIOD}}
        where["$or"] = [{"rolled_up_at": None}, {"rolled_up_at": {"$lte": now - _ROLL_UP_INTERVAL}}, is_quiet]
    states = await client.collection(CALL_WEEKS).find(
        where, {"partner_id": 1, "week": 1}, sort=[("week", 1), ("_id", 1)], limit=limit
    )
    return [DueWeek(state["partner_id"], state["week"]) for state in states]


async def delete_stale_sums(client: Client, now: datetime) -> None:
    """Delete the sums of roll-ups that were superseded or overtaken at least _STALE_AFTER ago."""
    until = now - _STALE_AFTER
    for state in await client.collection(CALL_WEEKS).find({"stale.since": {"$lte": until}}, limit=100):
        scope = Scope(client, state["partner_id"], now)
        ids = [roll_up["id"] for roll_up in state["stale"] if roll_up["since"] <= until]
        sums: Document = {**scope.match(), "week": state["week"], "roll_up_id": {"$in": ids}}
        await scope.collection(COLLECTION).delete_many(sums)
        removal = {"$pull": {"stale": {"id": {"$in": ids}}}}
        await scope.collection(CALL_WEEKS).update_one({**scope.match(), "_id": state["_id"]}, removal)
