"""Which index a page of customers is read from, decided here: MongoDB remembers a plan for a shape of query, and the
plan that suits a rare tag reads half a partner for a common one (2 s instead of 5 ms among 200,000 customers)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import prod

from domain.customer_filter import Condition, ExpiresWithin, HasKey
from domain.instants import FOREVER
from domain.types import URGENCY_RANK, CustomerOrderField, CustomerStatus, OrderDirection
from store.client import Document
from store.customer_leads import Keys, Lead, conjuncts, counted_leads, leading_keys, rarest_keys
from store.customer_orders import KEYS_INDEX, CustomerOrder
from store.scope import Scope

# What a page and a partner hold where it matters; smaller ones are quick whatever is chosen.
_PAGE = 51
EXPECTED = 200_000
_LEADING_FIELDS = {"status:": "statuses", "type:": "subscription_types"}


@dataclass(frozen=True, slots=True)
class Plan:
    """The index to read from; the keys to read by, or the field's values that its stretches begin with, if any.

    A mirrored plan reads the index backwards, which turns ties too; `otherwise` is the index that does not.
    """

    index: str
    keys: Keys = ()
    field: str = ""
    values: Sequence[str] = ()
    is_mirrored: bool = False
    otherwise: str = ""


async def choose_plan(scope: Scope, wanted: Condition, order: CustomerOrder, customers: int = EXPECTED) -> Plan:
    """The plan of a simplified condition; counts keys only where there is a choice."""
    if order.field is CustomerOrderField.NAME:
        keys = await rarest_keys(scope, wanted)
        return Plan(KEYS_INDEX, keys, is_mirrored=not order.is_default, otherwise=order.index)
    leads = await counted_leads(scope, leading_keys(scope, wanted))
    keys, walk = _walk(wanted, order)
    if leads[0].count < _walked([lead for lead in leads if lead.keys != keys], customers):
        return Plan(KEYS_INDEX, leads[0].keys)
    return walk


def _walked(others: Sequence[Lead], customers: int) -> float:
    """How many customers a walk passes for a page, were the conditions that its index leaves open independent."""
    return _PAGE * prod(max(1.0, customers / max(1, lead.count)) for lead in others)


def _walk(wanted: Condition, order: CustomerOrder) -> tuple[Keys, Plan]:
    """The plan that walks along the order, and the keys that its index answers for."""
    for dimension, field in _LEADING_FIELDS.items():
        keys = next((_keys_of(dimension, one) for one in conjuncts(wanted) if _keys_of(dimension, one)), ())
        values = [key.removeprefix(dimension) for key in keys]
        index = order.index_within(field, values) if keys else None
        if index is not None:
            return keys, Plan(index, field=field, values=values)
    return (), Plan(order.index)


def _keys_of(dimension: str, condition: Condition) -> Keys:
    """The keys of a condition on this dimension alone."""
    if not isinstance(condition, HasKey) or not all(key.startswith(dimension) for key in condition.keys):
        return ()
    return condition.keys


def implied_range(scope: Scope, wanted: Condition, order: CustomerOrder) -> Document:
    """What the conditions say of the sort field, by the rules of the statuses: the walk need not pass the others."""
    column = order.columns[0]
    statuses = [_keys_of("status:", one) for one in conjuncts(wanted)]
    for names in ({CustomerStatus(key.removeprefix("status:")) for key in keys} for keys in statuses if keys):
        if order.field is CustomerOrderField.URGENCY:
            # A customer with the status is at least that urgent; nothing more urgent holds with EXPIRED.
            ranks = [URGENCY_RANK[status] for status in names]
            is_exact = names == {CustomerStatus.EXPIRED}
            return {column.field: ranks[0] if is_exact else {"$lte": max(ranks)}}
        if order.field is CustomerOrderField.NEXT_EXPIRY_AT and names == {CustomerStatus.EXPIRED}:
            return {column.field: FOREVER if order.direction is OrderDirection.ASC else None}
    days = [one.days for one in conjuncts(wanted) if isinstance(one, ExpiresWithin)]
    if not days or order.field is not CustomerOrderField.NEXT_EXPIRY_AT:
        return {}
    # Who has an end within the window expires no later.
    return {column.field: {"$lte": scope.now + timedelta(days=min(days))}}
