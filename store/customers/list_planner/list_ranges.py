"""Query plans: the ranges of a list, and the index and keys that each range is read by."""

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from domain.cursors.list import CursorValue
from domain.customers.conditions import Condition
from domain.customers.keys import Keys
from store.customers.orders import KEYS_INDEX
from store.database.client import Document


class ValueRange(Struct, frozen=True):
    """Consecutive sort values: `values` where they are few, else all values or those within limits.

    A limit of None is none, because sort values are stored without null.
    """

    values: tuple[CursorValue, ...] = ()
    at_least: CursorValue = None
    below: CursorValue = None
    at_most: CursorValue = None

    @property
    def single(self) -> CursorValue:
        """The only value; None where there are several."""
        return self.values[0] if len(self.values) == 1 else None

    def contains(self, value: CursorValue) -> bool:
        """Whether a row with this value belongs to the range. `at_most` may have moved since the row was read."""
        if self.values:
            return value in self.values
        return self.below is None or value != self.below

    def condition(self, field: str) -> Document:
        """Match the range in a field. Several values are one range with gaps: as points MongoDB would have to sort."""
        if self.single is not None:
            return {field: self.single}
        operators: dict[str, Any] = {}
        if self.values:
            first, *_, last = ranks = sorted(value for value in self.values if isinstance(value, int))
            operators = {"$gte": first, "$lte": last}
            if gaps := sorted(set(range(first, last)).difference(ranks)):
                operators["$nin"] = gaps
        else:
            limits = {"$gte": self.at_least, "$lt": self.below, "$lte": self.at_most}
            operators = {operator: limit for operator, limit in limits.items() if limit is not None}
        return {field: operators} if operators else {}


ALL_VALUES = ValueRange()


class IndexPlan(Struct, frozen=True):
    """An index, and one set of keys to read it by, or two that race.

    In a race the query requires a key of both sets. MongoDB reads both in turns until one has the page.
    A plan with `needs_sort` reads all matches of its keys and sorts them, because its index has another order.
    """

    index: str
    key_sets: tuple[Keys, ...]
    needs_sort: bool = False

    @property
    def key_field(self) -> Literal["keys", "order_keys"]:
        """The array of keys that the index has."""
        return "keys" if self.index == KEYS_INDEX else "order_keys"


class ListRange(Struct, frozen=True):
    """A part of a list: the matches of `wanted` whose sort value is in the range, read by one plan.

    A range with a single value is ordered by name and id alone, so it may be read from the index of keys.
    """

    values: ValueRange
    plan: IndexPlan
    wanted: Condition


# The ranges of a list in its order. No row is in two of them.
QueryPlan = Sequence[ListRange]
