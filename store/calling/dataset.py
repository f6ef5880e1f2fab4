"""The data of one request for calling engagement: the current roll-up of each week, and the visible customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from domain.calling.figures import MAX_TREND_WEEKS, completed_weeks
from domain.customers.keys import ALL_CUSTOMERS_KEY
from store.calling.weeks import CALL_WEEKS, week_id
from store.database.client import Document
from store.database.scope import Scope

_STATE_FIELDS = dict.fromkeys(("week", "roll_up_id", "rolled_up_at", "sums"), 1)


@dataclass(frozen=True, slots=True)
class CallDataset:
    """Read once per operation, so that all its figures are of the same roll-ups and the same customers.

    `week_states` are the documents of `call_weeks` by week; a week without a roll-up is absent. `visible_ids` are the
    customers of an assigned administrator; None means all customers but those in `removed_ids`.
    """

    scope: Scope
    week_states: Mapping[datetime, Document]
    visible_ids: Sequence[str] | None
    removed_ids: Sequence[str]

    @classmethod
    async def load(cls, scope: Scope) -> Self:
        """Read the dataset, in two queries."""
        # The weeks of the longest trend.
        weeks = completed_weeks(MAX_TREND_WEEKS, scope.now)
        where = {**scope.match(), "_id": {"$in": [week_id(scope, week) for week in weeks]}}
        documents = await scope.collection(CALL_WEEKS).find(where, _STATE_FIELDS)
        states = {state["week"]: state for state in documents if state.get("roll_up_id") is not None}
        if scope.visibility_key != ALL_CUSTOMERS_KEY:
            return cls(scope, states, await _read_ids(scope, scope.match_customers()), ())
        # A viewer of all customers does not see removed ones, which have no keys.
        return cls(scope, states, None, await _read_ids(scope, {**scope.match(), "keys": []}))

    @property
    def week(self) -> datetime:
        """Return the latest completed week."""
        return completed_weeks(1, self.scope.now)[0]

    @property
    def refreshed_at(self) -> datetime | None:
        """Return when the latest completed week was rolled up; None where it has not been."""
        state = self.week_states.get(self.week)
        return None if state is None else state["rolled_up_at"]

    def roll_up_id(self, week: datetime) -> str | None:
        """Return the id of the week's current roll-up; None where there is none."""
        state = self.week_states.get(week)
        return None if state is None else state["roll_up_id"]

    def match_sums(self, *weeks: datetime) -> Document:
        """Return the condition of the current sums of these weeks, for the visible customers."""
        return {**self.match_all_sums(*weeks), **self.match_visible}

    def match_all_sums(self, *weeks: datetime) -> Document:
        """Return the condition of the current sums of these weeks, for all customers, removed ones included."""
        states = [self.week_states[week] for week in weeks if week in self.week_states]
        names = ("week", "roll_up_id")
        return {**self.scope.match(), **{name: {"$in": [state[name] for state in states]} for name in names}}

    @property
    def match_visible(self) -> Document:
        """Return the condition on `customer_id` for the visible customers."""
        if self.visible_ids is not None:
            return {"customer_id": {"$in": list(self.visible_ids)}}
        return {"customer_id": {"$nin": list(self.removed_ids)}} if self.removed_ids else {}


async def _read_ids(scope: Scope, where: Document) -> list[str]:
    return [customer["_id"] for customer in await scope.collection("customers").find(where, {"_id": 1})]
