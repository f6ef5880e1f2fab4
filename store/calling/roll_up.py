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
from store.calling.pipelines import FEATURES, QUALITY, QUEUES, USERS, Pipeline
from store.calling.sums import CELLS, COLLECTION, NUMBERS, sum_inside, sum_of
from store.calling.weeks import CALL_WEEKS, week_id
from store.database.client import Document, deadline
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope

# What one aggregation reads at most, unless a single customer has more: it takes a fraction of a second.
SLICE_ROWS = 50_000
# A single customer with a million calls a week takes seconds of MongoDB, more than any request may: it must end, too.
_PATIENCE_SECONDS = 600
_QUESTIONS: Mapping[str, Sequence[Pipeline]] = {CALLS: (QUALITY, USERS, FEATURES), QUEUE_CALLS: (QUEUES,)}


async def roll_up_week(scope: Scope, week: datetime, slice_rows: int = SLICE_ROWS) -> bool:
    """Sums up the week anew; False where another roll-up of it began meanwhile, whose result then counts."""
    roll_up = RollUp(scope, week, new_id("rup"))
    state = await roll_up.begin()
    for collection, questions in _QUESTIONS.items():
        async for customer_ids in roll_up.slices(collection, slice_rows):
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
        overtaken = [{"id": "$rolling_id", "since": "$$NOW"}]
        is_first = {"$eq": [{"$type": "$rolling_id"}, "string"]}
        stale = {"$concatArrays": [{"$ifNull": ["$stale", []]}, {"$cond": [is_first, overtaken, []]}]}
        change = [{"$set": {"stale": stale, "rolling_id": self.id}}]
        state = await self.scope.collection(CALL_WEEKS).find_one_and_update(self._state, change)
        if state is None:
            raise LookupError(f"Nothing is known of the week {self.week:%Y-%m-%d} of {self.scope.partner_id}.")
        return state

    async def slices(self, collection: str, rows: int) -> AsyncIterator[list[str]]:
        """The customers with rows in the week, in slices of at most so many rows or one customer."""
        stages = [
            {"$match": self._raw},
            {"$group": {"_id": "$customer_id", "rows": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
        ]
        slice_: list[str] = []
        size = 0
        for one in await self._patiently(collection, stages):
            if slice_ and size + one["rows"] > rows:
                yield slice_
                slice_, size = [], 0
            slice_.append(one["_id"])
            size += one["rows"]
        if slice_:
            yield slice_

    async def add(self, collection: str, customer_ids: Sequence[str], question: Pipeline) -> None:
        """Merges the answers to one question about these customers into the roll-up's sums."""
        rows = {"$match": {**self._raw, "customer_id": {"$in": list(customer_ids)}}}
        now = utc_now()
        named = {
            "_id": {"$concat": [f"{self.id}:", "$_id"]},
            "customer_id": "$_id",
            **self._sums,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        merge = {"into": COLLECTION, "on": "_id", "whenMatched": "merge", "whenNotMatched": "insert"}
        await self._patiently(collection, [rows, *question, {"$set": named}, {"$merge": merge}])

    async def finish(self, state: Document) -> bool:
        """Makes this roll-up the one that counts, with its sums over all customers; False where it was overtaken."""
        now = utc_now()
        done = {
            "roll_up_id": self.id,
            "rolled_version": state["version"],
            "rolled_up_at": now,
            "rolling_id": None,
            "updated_at": now,
            "sums": await self._totals(),
        }
        change: Document = {"$set": done}
        if state.get("roll_up_id") is not None:
            # Whoever has just read that it counts may still be reading its sums.
            change["$push"] = {"stale": {"id": state["roll_up_id"], "since": now}}
        where = {**self._state, "rolling_id": self.id}
        return bool(await self.scope.collection(CALL_WEEKS).update_one(where, change))

    async def _totals(self) -> Document:
        stages = [
            {"$match": self._sums},
            {"$group": {"_id": None, **sum_of(*NUMBERS), **sum_inside("endpoints", CELLS)}},
            {"$project": {"_id": 0, **dict.fromkeys(NUMBERS, 1), "endpoints": {cell: f"${cell}" for cell in CELLS}}},
        ]
        found = await self._patiently(COLLECTION, stages)
        return found[0] if found else {}

    async def _patiently(self, collection: str, stages: Sequence[Mapping[str, Any]]) -> list[Document]:
        with deadline(_PATIENCE_SECONDS):
            return await self.scope.collection(collection).aggregate(stages)

    @property
    def _state(self) -> Document:
        return {**self.scope.match(), "_id": week_id(self.scope, self.week)}

    @property
    def _raw(self) -> Document:
        return {**self.scope.match(), "week": self.week}

    @property
    def _sums(self) -> Document:
        return {**self.scope.match(), "week": self.week, "roll_up_id": self.id}
