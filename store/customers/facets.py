"""Facets of a list of customers: the number of customers by value of a dimension."""

from asyncio import gather
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

from domain.customers.conditions import AllOf
from domain.customers.simplification import is_impossible, simplify, without_dimension
from domain.entitlements.invoices import InvoiceState
from domain.types import CustomerStatus, ManagedBy, Product, SubscriptionType
from store.customers.list_planner.rarest_keys import choose_rarest_keys
from store.customers.orders import KEYS_INDEX
from store.customers.queries import COLLECTION, customers_query
from store.database.client import Document
from store.database.scope import Scope

# The most values that the facet of a dimension without a fixed set of values has.
OPEN_DIMENSIONS: Mapping[str, int] = {"tag": 100, "administrator": 100, "country": 250}
Value = TypeVar("Value", bound=str)
Enumerated = TypeVar("Enumerated", bound=StrEnum)
# The filter's dimension that each facet leaves out, and the field of the document that it groups by.
_COMBINED = {"managed_by": "managed_by", "product": "products", "status": "statuses", "type": "subscription_types"}
# These would multiply the combinations.
_SINGLE = {
    "tag": "tag_ids",
    "administrator": "assignments.administrator_id",
    "country": "country",
    "invoice": "invoice_states",
}
_COMBINATIONS = {"_id": {name: f"${field}" for name, field in _COMBINED.items()}, "count": {"$sum": 1}}


def _count_single(dimension: str) -> list[Document]:
    by_value = {"$group": {"_id": f"${dimension}", "count": {"$sum": 1}}}
    most_used_first = {"$sort": {"count": -1, "_id": 1}}
    return [{"$unwind": f"${dimension}"}, by_value, most_used_first, {"$limit": OPEN_DIMENSIONS.get(dimension, 250)}]


_PIPELINES: Document = {
    # There are few distinct combinations of arrays, so they are grouped as a whole and unwound in Python.
    "combinations": [{"$group": _COMBINATIONS}],
    **{dimension: _count_single(dimension) for dimension in _SINGLE},
}
_PROJECTION: Document = {
    "_id": 0,
    **dict.fromkeys(_COMBINED.values(), 1),
    **{dimension: f"${field}" for dimension, field in _SINGLE.items()},
}


class FacetCount(Struct, Generic[Value], frozen=True):
    """The number of customers that have the value."""

    value: Value
    count: int


class CustomerFacets(Struct, frozen=True):
    """Every value of each enumeration in its order, with zeros; used tags, administrators and countries, the most
    used first.
    """

    managed_by: list[FacetCount[ManagedBy]]
    product: list[FacetCount[Product]]
    status: list[FacetCount[CustomerStatus]]
    subscription_type: list[FacetCount[SubscriptionType]]
    invoice_state: list[FacetCount[InvoiceState]]
    tag: list[FacetCount[str]]
    administrator: list[FacetCount[str]]
    country: list[FacetCount[str]]


# The numbers of customers by dimension, then by value; those of OPEN_DIMENSIONS in the order in which they are shown.
FacetNumbers = Mapping[str, Mapping[str, int]]


def facet_conditions(condition: AllOf) -> dict[str, AllOf]:
    """Return the condition of each dimension's facet: the filter without its own top-level condition."""
    return {name: without_dimension(condition, name) for name in (*_COMBINED, *_SINGLE)}


def build_facets(numbers: FacetNumbers) -> CustomerFacets:
    """Return the facets; a value without a number has no customer."""
    return CustomerFacets(
        managed_by=_all_values(ManagedBy, numbers["managed_by"]),
        product=_all_values(Product, numbers["product"]),
        status=_all_values(CustomerStatus, numbers["status"]),
        subscription_type=_all_values(SubscriptionType, numbers["type"]),
        invoice_state=_all_values(InvoiceState, numbers["invoice"]),
        tag=_used_values(numbers["tag"]),
        administrator=_used_values(numbers["administrator"]),
        country=_used_values(numbers["country"]),
    )


async def read_facets(scope: Scope, condition: AllOf) -> CustomerFacets:
    """Return the facets: one aggregation, and one more for each dimension with a top-level condition of its own."""
    conditions = facet_conditions(condition)
    distinct = list(dict.fromkeys(conditions.values()))
    results = dict(zip(distinct, await gather(*(_count_facets(scope, each) for each in distinct)), strict=True))
    combined = {name: _sum_values(results[conditions[name]], name) for name in _COMBINED}
    rows = {name: results[conditions[name]][name] for name in _SINGLE}
    single = {name: {row["_id"]: row["count"] for row in found} for name, found in rows.items()}
    return build_facets({**combined, **single})


async def _count_facets(scope: Scope, condition: AllOf) -> Document:
    wanted = simplify(condition)
    if is_impossible(wanted):
        return {name: [] for name in _PIPELINES}
    where = customers_query(scope, wanted, await choose_rarest_keys(scope, wanted))
    pipeline = [{"$match": where}, {"$project": _PROJECTION}, {"$facet": _PIPELINES}]
    (counts,) = await scope.collection(COLLECTION).aggregate(pipeline, hint=KEYS_INDEX)
    return counts


def _sum_values(result: Document, dimension: str) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for row in result["combinations"]:
        for name in _as_list(row["_id"][dimension]):
            counts[name] += row["count"]
    return counts


def _all_values(values: type[Enumerated], numbers: Mapping[str, int]) -> list[FacetCount[Enumerated]]:
    return [FacetCount(value, numbers.get(value, 0)) for value in values]


def _used_values(numbers: Mapping[str, int]) -> list[FacetCount[str]]:
    return [FacetCount(value, count) for value, count in numbers.items()]


def _as_list(value: str | list[str]) -> Iterable[str]:
    return [value] if isinstance(value, str) else value
