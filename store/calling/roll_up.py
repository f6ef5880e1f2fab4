"""The roll-up of one week of one partner: raw calls become weekly sums, by MongoDB's own aggregation, in slices.

It reads the rows of that week alone. It may be killed at any line and begun again: what it writes counts for nobody
until its last step says so, in one write, and that step is refused to a roll-up that another one has overtaken. The
week stays due until a roll-up has begun behind the last transaction that wrote rows of it, as their `version` says:
so late data that come while it runs are found again.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.calling.calls import CALLS, QUEUE_CALLS
from store.calling.pipelines import FEATURES_PIPELINE, QUALITY_PIPELINE, QUEUES_PIPELINE, USERS_PIPELINE, Pipeline
from store.calling.sums import COLLECTION, ENDPOINT_CELLS, SUMMED_FIELDS, sum_embedded_fields, sum_fields
from store.calling.weeks import CALL_WEEKS, week_id
from store.database.client import Document, time_limit
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope

# What one aggregation reads at most, unless a single customer has more: it takes a fraction of a second.
BATCH_ROWS = 50_000
# A single customer with a million calls a week takes seconds of MongoDB, more than any request may: it must end, too.
_AGGREGATION_DEADLINE_SECONDS = 600
_PIPELINES: Mapping[str, Sequence[Pipeline]] = {
    CALLS: (QUALITY_PIPELINE, USERS_PIPELINE, FEATURES_PIPELINE),
    QUEUE_CALLS: (QUEUES_PIPELINE,),
}


async def roll_up_week(scope: Scope, week: datetime, batch_rows: int = BATCH_ROWS) -> bool:
    """Sums up the week anew; False where another roll-up of it began meanwhile, whose result then counts."""
    roll_up = RollUp(scope, week, new_id("rup"))
    state = await roll_up.begin()
    for collection, questions in _PIPELINES.items():
        async for customer_ids in roll_up.read_batches(collection, batch_rows):
            for question in questions:
                await roll_up.add(collection, customer_ids, question)
    return await roll_up.finish(state)


@dataclass(frozen=True, slots=True)
class RollUp:
    """One attempt at a week; the sums that it writes carry its id."""

    scope: Scope
    week: datetime
    id: str

    async def begin(self) -> Document:
        """Overtakes whoever is at the week already; answers what is known of it, `version` being what is covered."""
        # This write is acknowledged by a majority behind every transaction that the version counts, and the
        # aggregations that follow read what a majority has: none of those transactions is missed.
        overtaken = [{"id": "$running_roll_up_id", "since": "$$NOW"}]
        is_first = {"$eq": [{"$type": "$running_roll_up_id"}, "string"]}
        stale = {"$concatArrays": [{"$ifNull": ["$stale", []]}, {"$cond": [is_first, overtaken, []]}]}
        change = [{"$set": {"stale": stale, "running_roll_up_id": self.id}}]
        state = await self.scope.collection(CALL_WEEKS).find_one_and_update(self._match_state, change)
        if state is None:
            raise LookupError(f"Nothing is known of the week {self.week:%Y-%m-%d} of {self.scope.partner_id}.")
        return state

    async def read_batches(self, collection: str, rows: int) -> AsyncIterator[list[str]]:
        """The customers with rows in the week, in slices of at most so many rows or one customer."""
        stages = [
            {"$match": self._match_raw},
            {"$group": {"_id": "$customer_id", "rows": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
        ]
        batch: list[str] = []
        size = 0
        for one in await self._aggregate(collection, stages):
            if batch and size + one["rows"] > rows:
                yield batch
                batch, size = [], 0
            batch.append(one["_id"])
            size += one["rows"]
        if batch:
            yield batch

    async def add(self, collection: str, customer_ids: Sequence[str], question: Pipeline) -> None:
        """Merges the answers to one question about these customers into the roll-up's sums."""
        rows = {"$match": {**self._match_raw, "customer_id": {"$in": list(customer_ids)}}}
        now = utc_now()
        named = {
            "_id": {"$concat": [f"{self.id}:", "$_id"]},
            "customer_id": "$_id",
            **self._match_sums,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        merge = {"into": COLLECTION, "on": "_id", "whenMatched": "merge", "whenNotMatched": "insert"}
        await self._aggregate(collection, [rows, *question, {"$set": named}, {"$merge": merge}])

    async def finish(self, state: Document) -> bool:
        """Makes this roll-up the one that counts, with its sums over all customers; False where it was overtaken."""
        now = utc_now()
        done = {
            "roll_up_id": self.id,
            "rolled_up_version": state["version"],
            "rolled_up_at": now,
            "running_roll_up_id": None,
            "updated_at": now,
            "sums": await self._read_totals(),
        }
        change: Document = {"$set": done}
        if state.get("roll_up_id") is not None:
            # Whoever has just read that it counts may still be reading its sums.
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
        found = await self._aggregate(COLLECTION, stages)
        return found[0] if found else {}

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
