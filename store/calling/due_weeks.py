"""Over all partners, for the job: which weeks have to be rolled up, and which sums nobody reads any more."""

from datetime import datetime, timedelta
from typing import NamedTuple

from domain.calling.calls import RAW_CALL_RETENTION
from domain.time.weeks import week_of
from store.calling.sums import COLLECTION
from store.calling.weeks import CALL_WEEKS
from store.database.client import Client, Document
from store.database.scope import Scope

# Longer than any request or aggregation may take: whoever still read or wrote superseded sums is gone by then.
_STALE_AFTER = timedelta(seconds=60)
# While an import goes on, the week that it writes is summed up at first, then so seldom, and once it is quiet.
_ROLL_UP_INTERVAL, _QUIET_PERIOD = timedelta(seconds=60), timedelta(seconds=5)


class DueWeek(NamedTuple):
    """A week of a partner whose raw calls have changed since they were summed up."""

    partner_id: str
    week: datetime


async def find_due_weeks(client: Client, now: datetime, limit: int, *, is_debounced: bool = False) -> list[DueWeek]:
    """Completed weeks that are due, the oldest first; a patient caller leaves out those that change this moment.

    A week whose rows have begun to expire is never summed up again: what is left would take the place of what was.
    """
    completed = {"$gt": now - RAW_CALL_RETENTION, "$lt": week_of(now)}
    where: Document = {"week": completed, "$expr": {"$ne": ["$version", "$rolled_up_version"]}}
    if is_debounced:
        is_quiet = {"changed_at": {"$lte": now - _QUIET_PERIOD}}
        where["$or"] = [{"rolled_up_at": None}, {"rolled_up_at": {"$lte": now - _ROLL_UP_INTERVAL}}, is_quiet]
    found = await client.collection(CALL_WEEKS).find(
        where, {"partner_id": 1, "week": 1}, sort=[("week", 1), ("_id", 1)], limit=limit
    )
    return [DueWeek(one["partner_id"], one["week"]) for one in found]


async def delete_stale_sums(client: Client, now: datetime) -> None:
    """Deletes the sums of roll-ups that were superseded or given up a while ago."""
    until = now - _STALE_AFTER
    for state in await client.collection(CALL_WEEKS).find({"stale.since": {"$lte": until}}, limit=100):
        scope = Scope(client, state["partner_id"], now)
        ids = [one["id"] for one in state["stale"] if one["since"] <= until]
        sums: Document = {**scope.match(), "week": state["week"], "roll_up_id": {"$in": ids}}
        await scope.collection(COLLECTION).delete_many(sums)
        forgotten = {"$pull": {"stale": {"id": {"$in": ids}}}}
        await scope.collection(CALL_WEEKS).update_one({**scope.match(), "_id": state["_id"]}, forgotten)
