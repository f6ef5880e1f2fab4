"""The query planner: chooses the index and the keys of each range of a list from key statistics.

The choice is ours, because MongoDB caches one plan for a query shape, and the plan for a rare tag reads half a partner
for a common tag. Where the statistics do not decide, two key sets race (see list_ranges.py).
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from domain.cursors.list import CursorValue
from domain.customers.conditions import AllOf, InstantField, InstantInRange, conjuncts
from domain.customers.implied_values import (
    LEAST_URGENT_RANK,
    implies_no_next_expiry,
    instant_limits,
    latest_next_expiry,
    possible_urgency_ranks,
    restrict_to_lowest_urgency,
    single_urgency_rank,
)
from domain.customers.key_dimensions import STATUS
from domain.customers.keys import Keys
from domain.types import CustomerOrderField, CustomerStatus, OrderDirection
from store.customers.list_planner.estimates import KeyCounts, estimate_scanned, has_share
from store.customers.list_planner.index_candidates import (
    IndexCandidate,
    ListQuery,
    candidates_by_name,
    candidates_in_order,
    candidates_outside_order_keys,
)
from store.customers.list_planner.list_ranges import ALL_VALUES, IndexPlan, ListRange, QueryPlan, ValueRange
from store.customers.orders import KEYS_INDEX, CustomerOrder

# The number of customers that plans are made for. A smaller partner is fast with any plan.
EXPECTED_CUSTOMERS = 200_000
# A race reads twice what its winner reads. Up to this number of customers that costs less than a wrong choice.
_MAX_RACE_READS = 1_000
# Upper bound for one full scan of a key's customers: the limit of examined documents that bench.list checks.
_MAX_FULL_SCAN = 4_000
# Planning a race takes longer than it saves where one of the key sets is larger.
_MAX_RACING_KEYS = 24
# The orders by an instant that a filter can limit.
_INSTANT_FIELDS: Mapping[CustomerOrderField, InstantField] = {
    CustomerOrderField.CREATED_AT: "created_at",
    CustomerOrderField.LAST_ADMINISTRATOR_SIGN_IN_AT: "last_administrator_sign_in_at",
}
_SUBSCRIBED: Keys = (STATUS.key(CustomerStatus.SUBSCRIPTION),)
# From this share of a partner on, the customers of lowest urgency are a range of their own.
_MIN_LOWEST_URGENCY_SHARE = 0.25


async def choose_plan(query: ListQuery, counts: KeyCounts, customers: int = EXPECTED_CUSTOMERS) -> QueryPlan:
    """Return the plan of a list in a partner of this size.

    Words are counted where their count is not known, because they have no range scan in the other orders: the choice is
    between a scan in the list's order and a sort of the word's matches, and a wrong one reads half a partner.
    """
    order, value = query.order, _single_sort_value(query)
    if order.field is CustomerOrderField.NAME or value is not None:
        values = ALL_VALUES if value is None else ValueRange((value,))
        return [ListRange(values, _plan_by_name(query, counts, customers), query.wanted)]
    outside_order_keys = await candidates_outside_order_keys(_without_ordered_range(query), counts)
    in_order = candidates_in_order(query, counts, customers)
    others = [candidate.count for candidate in (*in_order[1:], *outside_order_keys)]
    if outside_order_keys and outside_order_keys[0].count < estimate_scanned(in_order[0].count, others, customers):
        # To sort the few matches costs less than to pass all rows before them in the order's index.
        plan = IndexPlan(KEYS_INDEX, (outside_order_keys[0].keys,), needs_sort=True)
        return [ListRange(values, plan, query.wanted) for values in _value_ranges(query)]
    plan = IndexPlan(order.index, _choose_key_sets(in_order, customers, order))
    if not outside_order_keys or not _splits_lowest_urgency(query, counts):
        return [ListRange(values, plan, query.wanted) for values in _value_ranges(query)]
    restricted = replace(query, wanted=restrict_to_lowest_urgency(query.wanted))
    lowest = ListRange(
        ValueRange((LEAST_URGENT_RANK,)), _plan_by_name(restricted, counts, customers), restricted.wanted
    )
    ranges = _value_ranges(query, is_lowest_urgency_apart=True)
    return [lowest if values == lowest.values else ListRange(values, plan, query.wanted) for values in ranges]


def _without_ordered_range(query: ListQuery) -> ListQuery:
    """Return the query without ranges of the instant that the list is ordered by: they limit the scan of its index."""
    field = _INSTANT_FIELDS.get(query.order.field)
    conditions = conjuncts(query.wanted)
    others = tuple(part for part in conditions if not (isinstance(part, InstantInRange) and part.field == field))
    return query if len(others) == len(conditions) else replace(query, wanted=AllOf(others))


def _single_sort_value(query: ListQuery) -> CursorValue:
    """Return the sort value of all matches where a key of the filter decides it; their order is that of names."""
    match query.order.field:
        case CustomerOrderField.NEXT_EXPIRY_AT if implies_no_next_expiry(query.wanted):
            return query.order.null_sentinel
        case CustomerOrderField.URGENCY:
            return single_urgency_rank(query.wanted)
        case _:
            return None


def _splits_lowest_urgency(query: ListQuery, counts: KeyCounts) -> bool:
    """Whether the customers of lowest urgency are read by name.

    They are most of a partner and tie, so that their order is that of names, where a scan for a word would pass all
    names before it.
    """
    return (
        query.order.field is CustomerOrderField.URGENCY
        and LEAST_URGENT_RANK in possible_urgency_ranks(query.wanted)
        and has_share(counts, _SUBSCRIBED, _MIN_LOWEST_URGENCY_SHARE)
    )


def _value_ranges(query: ListQuery, *, is_lowest_urgency_apart: bool = False) -> list[ValueRange]:
    """Return the ranges of possible sort values in the order of the list.

    Null comes last in both directions and is stored as the highest value, so it is a range of its own in descending
    order only.
    """
    order, null = query.order, query.order.null_sentinel
    is_ascending = order.direction is OrderDirection.ASC
    if order.field is CustomerOrderField.URGENCY:
        return _rank_ranges(query, is_lowest_urgency_apart=is_lowest_urgency_apart)
    limited = _limited_range(query)
    if limited is not None:
        return [limited]
    if null is None or is_ascending:
        return [ALL_VALUES]
    return [ValueRange(below=null), ValueRange((null,))]


def _limited_range(query: ListQuery) -> ValueRange | None:
    """Return the range of the matches' instants where the filter limits them; none of them is null then."""
    order = query.order
    if order.field is CustomerOrderField.NEXT_EXPIRY_AT:
        latest = latest_next_expiry(query.wanted, query.now)
        return None if latest is None else ValueRange(at_most=latest)
    field = _INSTANT_FIELDS.get(order.field)
    limits = None if field is None else instant_limits(query.wanted, field)
    return None if limits is None else ValueRange(at_least=limits.since, below=limits.until or order.null_sentinel)


def _rank_ranges(query: ListQuery, *, is_lowest_urgency_apart: bool) -> list[ValueRange]:
    null = query.order.null_sentinel
    ranks: list[CursorValue] = [*possible_urgency_ranks(query.wanted)]
    is_ascending = query.order.direction is OrderDirection.ASC
    if is_ascending and not is_lowest_urgency_apart:
        return [ValueRange(tuple(ranks))] if ranks else []
    apart = [LEAST_URGENT_RANK, null] if is_lowest_urgency_apart else [null]
    parts = [tuple(rank for rank in ranks if rank not in apart), *((rank,) for rank in apart if rank in ranks)]
    if not is_ascending and is_lowest_urgency_apart:
        # A descending list begins with the lowest urgency; null stays last.
        parts[:2] = parts[1::-1]
    return [ValueRange(part) for part in parts if part]


def _plan_by_name(query: ListQuery, counts: KeyCounts, customers: int) -> IndexPlan:
    candidates = candidates_by_name(query, counts, customers)
    return IndexPlan(KEYS_INDEX, _choose_key_sets(candidates, customers, CustomerOrder()))


def _choose_key_sets(candidates: Sequence[IndexCandidate], customers: int, order: CustomerOrder) -> tuple[Keys, ...]:
    """Return the keys of the rarest candidate, and those of the next one where the rarest alone might scan too much."""
    first, *others = candidates
    if not others or max(len(first.keys), len(others[0].keys)) > _MAX_RACING_KEYS:
        return (first.keys,)
    # A candidate of the order's own kind correlates with the sort values. The other one is spread evenly along them,
    # so its estimate is reliable and no race is needed.
    correlated, other = (first, others[0]) if first.is_time_dependent == order.is_time_dependent else (others[0], first)
    is_mixed = correlated.is_time_dependent != other.is_time_dependent and correlated.is_known and other.is_known
    if is_mixed and _estimate_scanned(correlated, [other, *others[1:]], customers) <= 2 * _MAX_RACE_READS:
        return (correlated.keys,)
    is_rare = first.is_known and first.count <= _MAX_FULL_SCAN
    # Where even independent conditions require a long scan, a second scan insures against nothing.
    is_long = _estimate_scanned(first, others, customers) > 1.2 * _MAX_RACE_READS
    return (first.keys,) if is_rare or is_long else (first.keys, others[0].keys)


def _estimate_scanned(candidate: IndexCandidate, others: Sequence[IndexCandidate], customers: int) -> float:
    return estimate_scanned(candidate.count, [other.count for other in others], customers)
