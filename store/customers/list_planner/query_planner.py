"""Which index a page of customers is read from, and by which keys: without asking the database first, but for words.

The choice is ours, since MongoDB remembers a plan for a shape of query, and the plan that suits a rare tag reads half
a partner for a common one. Where we cannot know better, two keys are read by turns (see range_scans.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import prod
from typing import Literal

from domain.customers.filter import Condition, HasKey, conjuncts
from domain.customers.holding_conditions import HoldingEndsWithin
from domain.customers.urgency_filter import restrict_to_lowest_urgency
from domain.types import CustomerOrderField
from store.customers.list_planner.index_candidates import (
    IndexCandidate,
    candidates_by_name,
    candidates_by_name_only,
    candidates_in_order,
    has_share,
)
from store.customers.list_planner.key_statistics import Keys
from store.customers.list_planner.orders import KEYS_INDEX, CustomerOrder
from store.database.client import Document
from store.database.scope import Scope

# What a page and a partner hold where it matters; smaller ones are quick whatever is chosen.
_PAGE_SIZE = 51
EXPECTED_CUSTOMERS = 200_000
# So many may be read twice in a race without harm; so many to the last, which is seldom come to.
_MAX_RACE_READS = 1_000
_MAX_FULL_SCAN = 4_000
_EXPIRED = "status:EXPIRED"
_LOWEST_URGENCY_KEYS: Keys = ("status:SUBSCRIPTION",)
# Two lists of more stretches than that are not read by turns: to plan for each would take longer than what it saves.
_MAX_RACING_RANGES = 24


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """The index to read from, and the keys to read by: those of one lead, or of two that race.

    A plan that `needs_sort` collects the matches of its lead, because its index has another order than the list. In the
    order of urgency the `lowest_urgency` may have a plan of their own, by name (see urgency_scans.py).
    """

    index: str
    key_sets: tuple[Keys, ...]
    needs_sort: bool = False
    lowest_urgency: "QueryPlan | None" = None

    @property
    def field(self) -> Literal["keys", "order_keys"]:
        """The array of keys that the index has."""
        return "keys" if self.index == KEYS_INDEX else "order_keys"


async def choose_plan(
    scope: Scope, wanted: Condition, order: CustomerOrder, customers: int = EXPECTED_CUSTOMERS
) -> QueryPlan:
    """The plan of a simplified condition, by what is known of its keys.

    Words are counted where that is not known: another order has no stretch of them, and whether to walk along it or
    to collect who has the word makes the difference between a page and half a partner.
    """
    if order.field is CustomerOrderField.NAME:
        return _plan_by_name(scope, wanted, customers)
    alone = await candidates_by_name_only(scope, wanted)
    in_order = candidates_in_order(scope, wanted, customers)
    if alone and alone[0].count < _estimate_scanned(in_order[0], [*in_order[1:], *alone], customers):
        return QueryPlan(KEYS_INDEX, (alone[0].keys,), needs_sort=True)
    has_urgency_scan = (
        bool(alone) and order.field is CustomerOrderField.URGENCY and has_share(scope, _LOWEST_URGENCY_KEYS, 0.25)
    )
    calm = _plan_by_name(scope, restrict_to_lowest_urgency(wanted), customers) if has_urgency_scan else None
    return QueryPlan(order.index, _choose_key_sets(in_order, customers, order), lowest_urgency=calm)


def _plan_by_name(scope: Scope, wanted: Condition, customers: int) -> QueryPlan:
    return QueryPlan(
        KEYS_INDEX, _choose_key_sets(candidates_by_name(scope, wanted, customers), customers, CustomerOrder())
    )


def _choose_key_sets(candidates: Sequence[IndexCandidate], customers: int, order: CustomerOrder) -> tuple[Keys, ...]:
    """The rarest lead, with the next as its rival where the rarest alone might be a long way."""
    first, *others = candidates
    if not others or max(len(first.keys), len(others[0].keys)) * order.ranges_per_key > _MAX_RACING_RANGES:
        return (first.keys,)
    own, other = (first, others[0]) if first.is_time_dependent == order.is_time_dependent else (others[0], first)
    is_mixed = own.is_time_dependent != other.is_time_dependent and own.is_known and other.is_known
    if is_mixed and _estimate_scanned(own, [other, *others[1:]], customers) <= 2 * _MAX_RACE_READS:
        # What goes with the order leads; what does not lies evenly along it, so that no rival is needed.
        return (own.keys,)
    is_sure = first.is_known and first.count <= _MAX_FULL_SCAN
    # Where even independent conditions need a long walk, walking twice is no insurance.
    is_long = _estimate_scanned(first, others, customers) > 1.2 * _MAX_RACE_READS
    return (first.keys,) if is_sure or is_long else (first.keys, others[0].keys)


def _estimate_scanned(candidate: IndexCandidate, others: Sequence[IndexCandidate], customers: int) -> float:
    """How many customers of the lead a walk passes for a page, were the conditions independent."""
    return min(candidate.count, _PAGE_SIZE * prod(max(1.0, customers / max(1.0, other.count)) for other in others))


def has_single_sort_value(wanted: Condition, order: CustomerOrder) -> bool:
    """Whether all matches have one value in the order, so that it is that of names: who is EXPIRED has no next end."""
    decided = order.field in (CustomerOrderField.NEXT_EXPIRY_AT, CustomerOrderField.URGENCY)
    return decided and any(isinstance(one, HasKey) and one.keys == (_EXPIRED,) for one in conjuncts(wanted))


def implied_range(scope: Scope, wanted: Condition, order: CustomerOrder) -> list[Document]:
    """What the conditions say of the sort field: who has an end within a window expires no later."""
    days = [one.days for one in conjuncts(wanted) if isinstance(one, HoldingEndsWithin)]
    if not days or order.field is not CustomerOrderField.NEXT_EXPIRY_AT:
        return []
    return [{order.index_column.field: {"$lte": scope.now + timedelta(days=min(days))}}]
