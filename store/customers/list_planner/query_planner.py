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
from domain.customers.holding_conditions import EndsWithin
from domain.customers.urgency_filter import among_calm
from domain.types import CustomerOrderField
from store.customers.list_planner.index_candidates import (
    Lead,
    has_share,
    leads_by_name,
    leads_by_name_alone,
    leads_in_order,
)
from store.customers.list_planner.key_statistics import Keys
from store.customers.list_planner.orders import KEYS_INDEX, CustomerOrder
from store.database.client import Document
from store.database.scope import Scope

# What a page and a partner hold where it matters; smaller ones are quick whatever is chosen.
_PAGE = 51
EXPECTED = 200_000
# So many may be read twice in a race without harm; so many to the last, which is seldom come to.
_FEW = 1_000
_BOUNDED = 4_000
_EXPIRED = "status:EXPIRED"
_CALM: Keys = ("status:SUBSCRIPTION",)
# Two lists of more stretches than that are not read by turns: to plan for each would take longer than what it saves.
_MOST_RACING = 24


@dataclass(frozen=True, slots=True)
class Plan:
    """The index to read from, and the keys to read by: those of one lead, or of two that race.

    A plan that `sorts` collects the matches of its lead, because its index has another order than the list. In the
    order of urgency the `calm` may have a plan of their own, by name (see urgency_scans.py).
    """

    index: str
    leads: tuple[Keys, ...]
    sorts: bool = False
    calm: "Plan | None" = None

    @property
    def field(self) -> Literal["keys", "order_keys"]:
        """The array of keys that the index has."""
        return "keys" if self.index == KEYS_INDEX else "order_keys"


async def choose_plan(scope: Scope, wanted: Condition, order: CustomerOrder, customers: int = EXPECTED) -> Plan:
    """The plan of a simplified condition, by what is known of its keys.

    Words are counted where that is not known: another order has no stretch of them, and whether to walk along it or
    to collect who has the word makes the difference between a page and half a partner.
    """
    if order.field is CustomerOrderField.NAME:
        return _by_name(scope, wanted, customers)
    alone = await leads_by_name_alone(scope, wanted)
    in_order = leads_in_order(scope, wanted, customers)
    if alone and alone[0].count < _walked(in_order[0], [*in_order[1:], *alone], customers):
        return Plan(KEYS_INDEX, (alone[0].keys,), sorts=True)
    is_calm_apart = bool(alone) and order.field is CustomerOrderField.URGENCY and has_share(scope, _CALM, 0.25)
    calm = _by_name(scope, among_calm(wanted), customers) if is_calm_apart else None
    return Plan(order.index, _chosen(in_order, customers, order), calm=calm)


def _by_name(scope: Scope, wanted: Condition, customers: int) -> Plan:
    return Plan(KEYS_INDEX, _chosen(leads_by_name(scope, wanted, customers), customers, CustomerOrder()))


def _chosen(leads: Sequence[Lead], customers: int, order: CustomerOrder) -> tuple[Keys, ...]:
    """The rarest lead, with the next as its rival where the rarest alone might be a long way."""
    first, *others = leads
    if not others or max(len(first.keys), len(others[0].keys)) * order.stretches > _MOST_RACING:
        return (first.keys,)
    own, other = (first, others[0]) if first.is_of_time == order.is_of_time else (others[0], first)
    is_mixed = own.is_of_time != other.is_of_time and own.is_known and other.is_known
    if is_mixed and _walked(own, [other, *others[1:]], customers) <= 2 * _FEW:
        # What goes with the order leads; what does not lies evenly along it, so that no rival is needed.
        return (own.keys,)
    is_sure = first.is_known and first.count <= _BOUNDED
    # Where even independent conditions need a long walk, walking twice is no insurance.
    is_long = _walked(first, others, customers) > 1.2 * _FEW
    return (first.keys,) if is_sure or is_long else (first.keys, others[0].keys)


def _walked(lead: Lead, others: Sequence[Lead], customers: int) -> float:
    """How many customers of the lead a walk passes for a page, were the conditions independent."""
    return min(lead.count, _PAGE * prod(max(1.0, customers / max(1.0, other.count)) for other in others))


def is_tied(wanted: Condition, order: CustomerOrder) -> bool:
    """Whether all matches have one value in the order, so that it is that of names: who is EXPIRED has no next end."""
    decided = order.field in (CustomerOrderField.NEXT_EXPIRY_AT, CustomerOrderField.URGENCY)
    return decided and any(isinstance(one, HasKey) and one.keys == (_EXPIRED,) for one in conjuncts(wanted))


def implied_range(scope: Scope, wanted: Condition, order: CustomerOrder) -> list[Document]:
    """What the conditions say of the sort field: who has an end within a window expires no later."""
    days = [one.days for one in conjuncts(wanted) if isinstance(one, EndsWithin)]
    if not days or order.field is not CustomerOrderField.NEXT_EXPIRY_AT:
        return []
    return [{order.stored.field: {"$lte": scope.now + timedelta(days=min(days))}}]
