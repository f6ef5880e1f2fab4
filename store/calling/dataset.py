"""The data of one request for calling engagement: its week, the current roll-ups, and the visible customers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Self

from msgspec import Struct

from domain.calling.figures import MAX_TREND_WEEKS, list_weeks
from domain.customers.keys import ALL_CUSTOMERS_KEY
from store.calling.customer_parts import CustomerPart, list_parts, list_parts_without
from store.calling.weeks import CALL_WEEKS, week_id
from store.database.client import Document
from store.database.scope import Scope

_STATE_FIELDS = dict.fromkeys(("week", "roll_up_id", "rolled_up_at", "sums"), 1)


class CallDataset(Struct, frozen=True):
    """Read once per operation and week, so that all its figures are of the same roll-ups and the same customers.

    `week` is the Monday of the week whose figures are asked for; trends end with it. `week_states` are the documents of
    `call_weeks` by week; a week without a roll-up is absent. `visible_ids` are the customers of an assigned
    administrator; None means all customers but those in `removed_ids`.
    """

    scope: Scope
    week: datetime
    week_states: Mapping[datetime, Document]
    visible_ids: Sequence[str] | None
    removed_ids: Sequence[str]

    @classmethod
    async def load(cls, scope: Scope, week: datetime) -> Self:
        """Read the dataset of a week, in two queries."""
        # The weeks of the longest trend.
        states = await read_week_states(scope, list_weeks(MAX_TREND_WEEKS, week))
        customers = scope.collection("customers")
        if scope.visibility_key != ALL_CUSTOMERS_KEY:
            return cls(scope, week, states, await customers.find_ids(scope.match_customers()), ())
        # A viewer of all customers does not see removed ones, which have no keys.
        return cls(scope, week, states, None, await customers.find_ids({**scope.match(), "keys": []}))

    def weeks(self, count: int) -> list[datetime]:
        """Return `count` weeks up to the dataset's, oldest first; raise NumberOutOfRange outside 1–52."""
        return list_weeks(count, self.week)

    @property
    def refreshed_at(self) -> datetime | None:
        """Return when the week was rolled up; None where it has not been."""
        state = self.week_states.get(self.week)
        return None if state is None else state["rolled_up_at"]

    def roll_up_id(self, week: datetime) -> str | None:
        """Return the id of the week's current roll-up; None where there is none."""
        state = self.week_states.get(week)
        return None if state is None else state["roll_up_id"]

    def match_table_sums(self, *weeks: datetime) -> Document:
        """Return the condition of the current sums of these weeks, for the visible customers.

        Where the ids do not fit into one query, it is for all customers: the tables leave out those without a name.
        """
        parts = self.parts
        return {**self.match_all_sums(*weeks), **(parts[0].condition if len(parts) == 1 else {})}

    def match_all_sums(self, *weeks: datetime) -> Document:
        """Return the condition of the current sums of these weeks, for all customers, removed ones included."""
        states = [self.week_states[week] for week in weeks if week in self.week_states]
        return match_current_sums(self.scope, states)

    @property
    def parts(self) -> Sequence[CustomerPart]:
        """Return the parts that make up the visible customers: a figure that is a sum over them adds up its parts."""
        return list_parts_without(self.removed_ids) if self.visible_ids is None else list_parts(self.visible_ids, 1)


async def read_week_states(scope: Scope, weeks: Sequence[datetime]) -> dict[datetime, Document]:
    """Return the documents of `call_weeks` by week; a week without a roll-up is absent."""
    where = {**scope.match(), "_id": {"$in": [week_id(scope, week) for week in weeks]}}
    documents = await scope.collection(CALL_WEEKS).find(where, _STATE_FIELDS)
    return {state["week"]: state for state in documents if state.get("roll_up_id") is not None}


def match_current_sums(scope: Scope, states: Iterable[Document]) -> Document:
    """Return the condition of the current sums of the weeks with these states."""
    kept = list(states)
    return {**scope.match(), **{name: {"$in": [state[name] for state in kept]} for name in ("week", "roll_up_id")}}
