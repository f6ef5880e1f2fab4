"""What an answer about calling engagement rests on: which roll-ups count, and which customers are in sight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from domain.calling.figures import MOST_WEEKS, completed_weeks
from domain.customers.keys import EVERYBODY
from store.calling.weeks import CALL_WEEKS, week_id
from store.database.client import Document
from store.database.scope import Scope

_SHOWN = dict.fromkeys(("week", "roll_up_id", "rolled_up_at", "sums"), 1)


@dataclass(frozen=True, slots=True)
class CallReading:
    """Read once for an operation, so that all its figures are of the same roll-ups and the same customers.

    `seen` are the customers of an assigned administrator; None stands for all but the `removed` ones.
    """

    scope: Scope
    states: Mapping[datetime, Document]
    seen: Sequence[str] | None
    removed: Sequence[str]

    @classmethod
    async def begin(cls, scope: Scope) -> Self:
        """Three small queries at most, whatever is asked of it afterwards."""
        # A trend of the longest kind, and the week before each.
        weeks = completed_weeks(MOST_WEEKS, scope.now)
        where = {**scope.match(), "_id": {"$in": [week_id(scope, week) for week in weeks]}}
        found = await scope.collection(CALL_WEEKS).find(where, _SHOWN)
        states = {state["week"]: state for state in found if state.get("roll_up_id") is not None}
        if scope.visibility_key != EVERYBODY:
            return cls(scope, states, await _ids(scope, scope.match_customers()), ())
        # Whoever sees all customers sees those that exist; a removed one has no keys left.
        return cls(scope, states, None, await _ids(scope, {**scope.match(), "keys": []}))

    @property
    def week(self) -> datetime:
        """The latest completed week."""
        return completed_weeks(1, self.scope.now)[0]

    @property
    def refreshed_at(self) -> datetime | None:
        """When the sums of the latest completed week were made; None before there were any."""
        state = self.states.get(self.week)
        return None if state is None else state["rolled_up_at"]

    def roll_up_id(self, week: datetime) -> str | None:
        """Whose sums of the week count; None before there were any."""
        state = self.states.get(week)
        return None if state is None else state["roll_up_id"]

    def sums_of(self, *weeks: datetime) -> Document:
        """The sums that count of these weeks, of the customers in sight."""
        return {**self.any_sums_of(*weeks), **self.in_sight}

    def any_sums_of(self, *weeks: datetime) -> Document:
        """The same for all customers, whoever sees them and whether they still exist."""
        counting = [self.states[week] for week in weeks if week in self.states]
        names = ("week", "roll_up_id")
        return {**self.scope.match(), **{name: {"$in": [state[name] for state in counting]} for name in names}}

    @property
    def in_sight(self) -> Document:
        """The condition on `customer_id`, for every collection that has one."""
        if self.seen is not None:
            return {"customer_id": {"$in": list(self.seen)}}
        return {"customer_id": {"$nin": list(self.removed)}} if self.removed else {}


async def _ids(scope: Scope, where: Document) -> list[str]:
    return [customer["_id"] for customer in await scope.collection("customers").find(where, {"_id": 1})]
