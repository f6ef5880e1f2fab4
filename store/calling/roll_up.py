"""The roll-up of one week of one partner: aggregations in MongoDB turn legs into weekly sums, in batches.

1. `begin` registers the attempt in the week's state and reads the version that it covers.
2. Each batch of customers is aggregated and merged into documents that have the attempt's id.
3. `finish` makes this attempt the current one, in one write; it fails where another attempt began meanwhile.

A roll-up can therefore be killed at any point: its documents are not read before step 3. The week stays due until a
roll-up covers the version of the last write, so that late data during a roll-up is picked up by the next.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from store.calling.calls import CALLS, QUEUE_CALLS
from store.calling.pipelines import (
    CALLS_PIPELINE,
    FEATURES_PIPELINE,
    LEGS_PIPELINE,
    QUEUES_PIPELINE,
    USERS_PIPELINE,
    Pipeline,
)
from store.calling.sums import COLLECTION, ENDPOINT_CELLS, SUMMED_FIELDS, sum_embedded_fields, sum_fields
from store.calling.weeks import CALL_WEEKS, week_id
from store.database.client import Document, time_limit
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope

# The most rows that one aggregation reads, unless a single customer has more; it takes about a second.
BATCH_ROWS = 50_000
# One customer with a million legs a week takes several seconds, more than a command of a request may take.
_AGGREGATION_DEADLINE_SECONDS = 600
_PIPELINES: Mapping[str, Sequence[Pipeline]] = {
    CALLS: (CALLS_PIPELINE, LEGS_PIPELINE, USERS_PIPELINE, FEATURES_PIPELINE),
    QUEUE_CALLS: (QUEUES_PIPELINE,),
}


async def roll_up_week(scope: Scope, week: datetime, batch_rows: int = BATCH_ROWS) -> bool:
    """Roll up the week; return False where another roll-up of it began meanwhile, which replaces this one."""
    roll_up = RollUp(scope, week, new_id("rup"))
    state = await roll_up.begin()
    for collection, pipelines in _PIPELINES.items():
        async for customer_ids in roll_up.read_batches(collection, batch_rows):
            for pipeline in pipelines:
                await roll_up.add(collection, customer_ids, pipeline)
    return await roll_up.finish(state)


class RollUp(Struct, frozen=True):
    """One attempt at a week; the sums that it writes have its id."""

    scope: Scope
    week: datetime
    id: str

    async def begin(self) -> Document:
        """Register this attempt, which overtakes a running one; return the week's state with the covered `version`."""
        # This write has majority write concern, and follows every transaction that the version counts. The
        # aggregations read with majority read concern, so they see all of these transactions.
        overtaken = [{"id": "$running_roll_up_id", "since": "$$NOW"}]
        is_running = {"$eq": [{"$type": "$running_roll_up_id"}, "string"]}
        stale = {"$concatArrays": [{"$ifNull": ["$stale", []]}, {"$cond": [is_running, overtaken, []]}]}
        change = [{"$set": {"stale": stale, "running_roll_up_id": self.id}}]
        state = await self.scope.collection(CALL_WEEKS).find_one_and_update(self._match_state, change)
        if state is None:
            raise LookupError(f"There is no state of the week {self.week:%Y-%m-%d} of {self.scope.partner_id}.")
        return state

    async def read_batches(self, collection: str, rows: int) -> AsyncIterator[list[str]]:
        """Yield the ids of customers with rows in the week, in batches of at most `rows` rows or one customer."""
        stages = [
            {"$match": self._match_raw},
            {"$group": {"_id": "$customer_id", "rows": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
        ]
        batch: list[str] = []
        size = 0
        for customer in await self._aggregate(collection, stages):
            if batch and size + customer["rows"] > rows:
                yield batch
                batch, size = [], 0
            batch.append(customer["_id"])
            size += customer["rows"]
        if batch:
            yield batch

    async def add(self, collection: str, customer_ids: Sequence[str], pipeline: Pipeline) -> None:
        """Run one pipeline over these customers and merge its fields into the roll-up's documents."""
        rows = {"$match": {**self._match_raw, "customer_id": {"$in": list(customer_ids)}}}
        now = utc_now()
        identity = {
            "_id": {"$concat": [f"{self.id}:", "$_id"]},
            "customer_id": "$_id",
            **self._match_sums,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        merge = {"into": COLLECTION, "on": "_id", "whenMatched": "merge", "whenNotMatched": "insert"}
        await self._aggregate(collection, [rows, *pipeline, {"$set": identity}, {"$merge": merge}])

    async def finish(self, state: Document) -> bool:
        """Make this roll-up the current one, with its sums over all customers; return False where it was overtaken."""
        now = utc_now()
        result = {
            "roll_up_id": self.id,
            "rolled_up_version": state["version"],
            "rolled_up_at": now,
            "running_roll_up_id": None,
            "updated_at": now,
            "sums": await self._read_totals(),
        }
        change: Document = {"$set": result}
        if state.get("roll_up_id") is not None:
            # Readers of the previous roll-up may still be reading its sums: the job deletes them later.
            change["$push"] = {"stale": {"id": state["roll_up_id"], "since": now}}
        where = {**self._match_state, "running_roll_up_id": self.id}
        return bool(await self.scope.collection(CALL_WEEKS).update_one(where, change))

    async def _read_totals(self) -> Document:
        stages = [
            {"$match": self._match_sums},
            {"$group": {"_id": None, **sum_fields(*SUMMED_FIELDS), **sum_embedded_fields("endpoints", ENDPOINT_CELLS)}},
            {
                "$project": {
                    "_id": 0,
                    **dict.fromkeys(SUMMED_FIELDS, 1),
                    "endpoints": {cell: f"${cell}" for cell in ENDPOINT_CELLS},
                }
            },
        ]
        totals = await self._aggregate(COLLECTION, stages)
        return totals[0] if totals else {}

    async def _aggregate(self, collection: str, stages: Sequence[Mapping[str, Any]]) -> list[Document]:
        with time_limit(_AGGREGATION_DEADLINE_SECONDS):
            return await self.scope.collection(collection).aggregate(stages)

    @property
    def _match_state(self) -> Document:
        return {**self.scope.match(), "_id": week_id(self.scope, self.week)}

    @property
    def _match_raw(self) -> Document:
        return {**self.scope.match(), "week": self.week}

    @property
    def _match_sums(self) -> Document:
        return {**self.scope.match(), "week": self.week, "roll_up_id": self.id}
