"""List queries and key counts for tests of the planner that need no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.customers.filter import parse_filter
from domain.customers.keys import Keys
from domain.customers.simplification import simplify
from domain.types import CustomerOrderField, OrderDirection
from store.customers.list_planner.index_candidates import ListQuery
from store.customers.orders import CustomerOrder

NOW = datetime(2026, 11, 22, 12, 30)
BY_NAME = CustomerOrder()


@dataclass
class FixedCounts:
    """Counts of keys that are known from the start, and those that only `count` tells; it records what it is asked."""

    known: Mapping[str, int] = field(default_factory=dict)
    uncounted: Mapping[str, int] = field(default_factory=dict)
    counted: list[Keys] = field(default_factory=list)

    def known_count(self, keys: Keys) -> int | None:
        return sum(self.known[key] for key in keys) if all(key in self.known for key in keys) else None

    async def count(self, alternatives: Sequence[Keys]) -> Mapping[Keys, int]:
        self.counted += alternatives
        counts = {**self.known, **self.uncounted}
        return {keys: sum(counts[key] for key in keys) for keys in alternatives}


def order_by(field_name: str, direction: str = "ASC") -> CustomerOrder:
    return CustomerOrder(CustomerOrderField(field_name), OrderDirection(direction))


def list_query(raw: Mapping[str, Any], order: CustomerOrder = BY_NAME, visibility_key: str = "*") -> ListQuery:
    return ListQuery(simplify(parse_filter(raw)), order, visibility_key, NOW)
