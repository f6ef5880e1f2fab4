"""Which index a page of customers is read from, decided here: MongoDB remembers a plan for a shape of query, and the
plan that suits a rare tag reads half a partner for a common one (2 s instead of 5 ms among 200,000 customers)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import prod

from domain.customer_filter import Condition, ExpiresWithin, HasKey
from domain.types import CustomerOrderField
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
    if leads[0].count < _walked(leads, customers):
        return Plan(KEYS_INDEX, leads[0].keys)
    return _within_values(wanted, order) or Plan(order.index)


def _walked(leads: Sequence[Lead], customers: int) -> float:
    """How many customers a walk along the order passes for a page, were the conditions independent of each other."""
    return _PAGE * prod(max(1.0, customers / max(1, lead.count)) for lead in leads)


def _within_values(wanted: Condition, order: CustomerOrder) -> Plan | None:
    for dimension, field in _LEADING_FIELDS.items():
        index = order.index_within(field)
        values = next(filter(None, (_values(dimension, one) for one in conjuncts(wanted))), None)
        if values and index is not None:
            return Plan(index, field=field, values=values)
    return None


def _values(dimension: str, condition: Condition) -> list[str]:
    """The values that a condition on this dimension alone allows."""
    if not isinstance(condition, HasKey) or not all(key.startswith(dimension) for key in condition.keys):
        return []
    return [key.removeprefix(dimension) for key in condition.keys]


def implied_range(scope: Scope, wanted: Condition, order: CustomerOrder) -> Document:
    """What a condition says of the sort field: who has an end within the window expires no later."""
    days = [one.days for one in conjuncts(wanted) if isinstance(one, ExpiresWithin)]
    if not days or order.field is not CustomerOrderField.NEXT_EXPIRY_AT:
        return {}
    return {order.columns[0].field: {"$lte": scope.now + timedelta(days=min(days))}}
