"""Which index a page of customers is read from, decided here: MongoDB remembers a plan for a shape of query, and the
plan that suits a rare tag reads half a partner for a common one (2 s instead of 5 ms among 200,000 customers)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import prod

from domain.customer_filter import Condition, ExpiresWithin, HasKey
from domain.holding_conditions import EndsWithin
from domain.instants import FOREVER
from domain.types import URGENCY_RANK, CustomerOrderField, CustomerStatus, OrderDirection
from store.client import Document
from store.customer_leads import Keys, Lead, conjuncts, counted_leads, leading_keys, rarest_keys
from store.customer_orders import KEYS_INDEX, CustomerOrder
from store.scope import Scope

# What a page and a partner hold where it matters; smaller ones are quick whatever is chosen.
_PAGE = 51
EXPECTED = 200_000
_STATUS = "status:"


@dataclass(frozen=True, slots=True)
class Plan:
    """The index to read from, and the keys to read by, if it is that of keys.

    A mirrored plan reads the index backwards, which turns the order of ties too.
    """

    index: str
    keys: Keys = ()
    is_mirrored: bool = False


async def choose_plan(scope: Scope, wanted: Condition, order: CustomerOrder, customers: int = EXPECTED) -> Plan:
    """The plan of a simplified condition; counts keys only where there is a choice."""
    if order.field is CustomerOrderField.NAME:
        return Plan(KEYS_INDEX, await rarest_keys(scope, wanted), is_mirrored=not order.is_default)
    leads = await counted_leads(scope, leading_keys(scope, wanted))
    is_quicker = leads[0].count < _walked(leads, customers)
    return Plan(KEYS_INDEX, leads[0].keys) if is_quicker else Plan(order.index)


def _walked(leads: Sequence[Lead], customers: int) -> float:
    """How many customers a walk along the order passes for a page, were the conditions independent."""
    return _PAGE * prod(max(1.0, customers / max(1, lead.count)) for lead in leads)


def _statuses(condition: Condition) -> set[CustomerStatus]:
    """The statuses of a condition on statuses alone."""
    if not isinstance(condition, HasKey) or not all(key.startswith(_STATUS) for key in condition.keys):
        return set()
    return {CustomerStatus(key.removeprefix(_STATUS)) for key in condition.keys}


def implied_range(scope: Scope, wanted: Condition, order: CustomerOrder) -> Document:
    """What the conditions say of the sort field, by the rules of the statuses: the walk need not pass the others."""
    column = order.columns[0]
    for names in filter(None, map(_statuses, conjuncts(wanted))):
        if order.field is CustomerOrderField.URGENCY:
            # A customer with the status is at least that urgent; nothing more urgent holds with EXPIRED.
            ranks = [URGENCY_RANK[status] for status in names]
            is_exact = names == {CustomerStatus.EXPIRED}
            return {column.field: ranks[0] if is_exact else {"$lte": max(ranks)}}
        if order.field is CustomerOrderField.NEXT_EXPIRY_AT and names == {CustomerStatus.EXPIRED}:
            return {column.field: FOREVER if order.direction is OrderDirection.ASC else None}
    days = [one.days for one in conjuncts(wanted) if isinstance(one, ExpiresWithin | EndsWithin)]
    if not days or order.field is not CustomerOrderField.NEXT_EXPIRY_AT:
        return {}
    # Who has an end within the window expires no later.
    return {column.field: {"$lte": scope.now + timedelta(days=min(days))}}
