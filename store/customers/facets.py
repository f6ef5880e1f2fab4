"""Facets of a list of customers: the number of customers by value of a dimension."""

from asyncio import gather
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from domain.customers.conditions import AllOf
from domain.customers.simplification import is_impossible, simplify, without_dimension
from domain.types import CustomerStatus, ManagedBy, Product, SubscriptionType
from store.customers.list_planner.rarest_keys import choose_rarest_keys
from store.customers.orders import KEYS_INDEX
from store.customers.queries import COLLECTION, customers_query
from store.database.client import Document
from store.database.scope import Scope

MAX_FACET_TAGS = 100
Value = TypeVar("Value", bound=str)
Enumerated = TypeVar("Enumerated", bound=StrEnum)
# The filter's dimension that each facet leaves out, and the field of the document that it groups by.
_DIMENSIONS = {"managed_by": "managed_by", "product": "products", "status": "statuses", "type": "subscription_types"}
_COMBINATIONS = {"_id": {name: f"${field}" for name, field in _DIMENSIONS.items()}, "count": {"$sum": 1}}
_PIPELINES: Document = {
    # There are few distinct combinations of arrays, so they are grouped as a whole and unwound in Python.
    "combinations": [{"$group": _COMBINATIONS}],
    "tag": [
        {"$unwind": "$tag_ids"},
        {"$group": {"_id": "$tag_ids", "count": {"$sum": 1}}},
        {"$sort": {"count": -1, "_id": 1}},
        {"$limit": MAX_FACET_TAGS},
    ],
}


@dataclass(frozen=True, slots=True)
class FacetCount(Generic[Value]):
    """The number of customers that have the value."""

    value: Value
    count: int


@dataclass(frozen=True, slots=True)
class CustomerFacets:
    """Every value of each enumeration in its order, with zeros; ids of used tags, the most used first."""

    managed_by: list[FacetCount[ManagedBy]]
    product: list[FacetCount[Product]]
    status: list[FacetCount[CustomerStatus]]
    subscription_type: list[FacetCount[SubscriptionType]]
    tag: list[FacetCount[str]]


# The numbers of customers by dimension, then by value; tags in the order in which they are shown.
FacetNumbers = Mapping[str, Mapping[str, int]]


def facet_conditions(condition: AllOf) -> dict[str, AllOf]:
    """Return the condition of each dimension's facet: the filter without its own top-level condition."""
    return {name: without_dimension(condition, name) for name in (*_DIMENSIONS, "tag")}


def build_facets(numbers: FacetNumbers) -> CustomerFacets:
    """Return the facets; a value without a number has no customer."""
    return CustomerFacets(
        managed_by=_all_values(ManagedBy, numbers["managed_by"]),
        product=_all_values(Product, numbers["product"]),
        status=_all_values(CustomerStatus, numbers["status"]),
        subscription_type=_all_values(SubscriptionType, numbers["type"]),
        tag=[FacetCount(tag_id, count) for tag_id, count in numbers["tag"].items()],
    )


async def read_facets(scope: Scope, condition: AllOf) -> CustomerFacets:
    """Return the facets: one aggregation, and one more for each dimension with a top-level condition of its own."""
    conditions = facet_conditions(condition)
    distinct = list(dict.fromkeys(conditions.values()))
    results = dict(zip(distinct, await gather(*(_count_facets(scope, each) for each in distinct)), strict=True))
    tags = {row["_id"]: row["count"] for row in results[conditions["tag"]]["tag"]}
    return build_facets({"tag": tags, **{name: _sum_values(results[conditions[name]], name) for name in _DIMENSIONS}})


async def _count_facets(scope: Scope, condition: AllOf) -> Document:
    wanted = simplify(condition)
    if is_impossible(wanted):
        return {name: [] for name in _PIPELINES}
    fields = {"_id": 0, "tag_ids": 1, **dict.fromkeys(_DIMENSIONS.values(), 1)}
    where = customers_query(scope, wanted, await choose_rarest_keys(scope, wanted))
    pipeline = [{"$match": where}, {"$project": fields}, {"$facet": _PIPELINES}]
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


def _as_list(value: str | list[str]) -> Iterable[str]:
    return [value] if isinstance(value, str) else value
