"""Customers with holdings, and what plain Python counts of them."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from domain.customers.conditions import EVERYTHING, NOTHING, AllOf, Condition, replace_leaves
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.kpis import KpiKind, kpi_condition
from domain.customers.matching import CustomerEnds, CustomerValues, matches
from domain.customers.simplification import without_dimension
from domain.entitlements.peer_groups import MIN_PEER_AGE
from domain.types import AnalyticsProduct
from store.customers.facets import CustomerFacets, FacetCount
from tests.store.customers.factory_lists import ADMINISTRATORS, DAY, ENDS, NOW, assignment, customer_document

MILLISECOND = timedelta(milliseconds=1)
_ADDED = [NOW - MIN_PEER_AGE, NOW - MIN_PEER_AGE + MILLISECOND, NOW - 90 * DAY]
RATES = [0.0, 0.1, 0.25, 0.5]
_THRESHOLDS = {"MEETINGS": 0.25, "CALLING": 0.5}
_FIELDS = {
    "managed_by": "managed_by",
    "product": "products",
    "status": "statuses",
    "type": "subscription_types",
    "invoice": "invoice_states",
    "tag": "tag_ids",
    "administrator": "assignments",
    "country": "country",
}


def counted_document(rng: random.Random, number: int, **facts: Any) -> dict[str, Any]:
    """Return a customer with holdings, and with assignments of which some have ended."""
    holdings = {str(product): _holding(rng) for product in AnalyticsProduct if rng.random() < 0.5}
    expiries = [None, NOW - DAY, NOW, NOW + MILLISECOND]
    assignments = [assignment(id_, rng.choice(expiries)) for id_ in ADMINISTRATORS if rng.random() < 0.5]
    return customer_document(
        rng, number, holdings=holdings, running_products=list(holdings), assignments=assignments, **facts
    )


def _holding(rng: random.Random) -> dict[str, Any]:
    moments = [end + 60 * DAY for end in ENDS] + ENDS
    expiring, renewing = (sorted(rng.sample(moments, rng.randrange(3))) for _ in range(2))
    return {
        "expires_at": min(expiring, default=None),
        "renews_at": min(renewing, default=None),
        "expiring_ends": expiring,
        "renewing_ends": renewing,
        "has_overage": rng.random() < 0.3,
        "rates": [{"added_at": rng.choice(_ADDED), "rate": rng.choice(RATES)} for _ in range(rng.randrange(3))],
    }


def condition_of_kpi(kind: KpiKind, product: AnalyticsProduct | None) -> Condition:
    """Return the condition, with thresholds."""
    condition = kpi_condition(kind, product)
    return condition.with_thresholds(_THRESHOLDS) if isinstance(condition, HasLowAssignment) else condition


def count_plainly(documents: Iterable[Mapping[str, Any]], condition: Condition, administrator_id: str | None) -> int:
    """Return how many documents are visible and match."""
    return sum(_is_match(document, condition, administrator_id) for document in documents)


def facets_plainly(
    documents: Iterable[Mapping[str, Any]], condition: AllOf, administrator_id: str | None
) -> dict[str, dict[str, int]]:
    """Return the counts by dimension and value, without zeros."""
    counts: dict[str, dict[str, int]] = {}
    kept = list(documents)
    for dimension, field in _FIELDS.items():
        others = without_dimension(condition, dimension)
        found = [document for document in kept if _is_match(document, others, administrator_id)]
        counts[dimension] = dict(Counter(value for document in found for value in _values(document, field)))
    return counts


def _values(document: Mapping[str, Any], field: str) -> list[str]:
    values = document[field]
    if field == "assignments":
        return [one["administrator_id"] for one in values]
    return values if isinstance(values, list) else [values] if values else []


def without_zeros(facets: CustomerFacets) -> dict[str, dict[str, int]]:
    """Return the facets in the form of `facets_plainly`."""
    named: dict[str, Sequence[FacetCount[Any]]] = {
        "type": facets.subscription_type,
        "managed_by": facets.managed_by,
        "product": facets.product,
        "status": facets.status,
        "invoice": facets.invoice_state,
        "tag": facets.tag,
        "administrator": facets.administrator,
        "country": facets.country,
    }
    return {name: {str(one.value): one.count for one in counts if one.count} for name, counts in named.items()}


def _is_match(document: Mapping[str, Any], condition: Condition, administrator_id: str | None) -> bool:
    def decide(leaf: Condition) -> Condition:
        if isinstance(leaf, HoldingEndsWithin | HasLowAssignment):
            return EVERYTHING if leaf.matches(document["holdings"], NOW) else NOTHING
        return leaf

    names = ("words", "created_at", "last_administrator_sign_in_at")
    values = CustomerValues(set(document["keys"]), *(document[name] for name in names))
    ends = CustomerEnds(NOW, document["expiring_ends"], document["renewing_ends"])
    return _is_visible(document, administrator_id) and matches(replace_leaves(condition, decide), values, ends)


def _is_visible(document: Mapping[str, Any], administrator_id: str | None) -> bool:
    ends = {one["administrator_id"]: one["expires_at"] for one in document["assignments"]}
    if administrator_id is None:
        return True
    return administrator_id in ends and (ends[administrator_id] is None or ends[administrator_id] > NOW)
