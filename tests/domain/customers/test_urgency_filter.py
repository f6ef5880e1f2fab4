"""What a filter says of urgency, held against customers of every combination of statuses."""

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.customers.filter import NOTHING, is_impossible, matches, parse_filter, simplify
from domain.customers.projection import NO_URGENCY
from domain.customers.urgency_filter import LOWEST_URGENCY, possible_urgency_ranks, restrict_to_lowest_urgency
from domain.types import URGENCY, URGENCY_RANK, CustomerStatus

HELD = [frozenset(some) for size in range(4) for some in combinations(URGENCY, size)]
leaves = st.fixed_dictionaries(
    {},
    optional={
        "status": st.lists(st.sampled_from(URGENCY), min_size=1, max_size=3),
        "search": st.sampled_from(["ac", "no"]),
        "country": st.just(["DE"]),
    },
)


def nest(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(inner, min_size=1, max_size=3)
    return st.fixed_dictionaries({}, optional={"all_of": some, "any_of": some, "not_": inner})


filters = leaves | nest(leaves) | nest(nest(leaves))


def rank_of(held: frozenset[CustomerStatus]) -> int:
    return min((URGENCY_RANK[status] for status in held), default=NO_URGENCY)


def keys_of(held: frozenset[CustomerStatus], country: str) -> frozenset[str]:
    return frozenset({"*", f"country:{country}", *(f"status:{status}" for status in held)})


@settings(max_examples=300)
@given(filters, st.sampled_from(["DE", "FR"]), st.sampled_from(["acme", "other"]))
def test_no_match_has_another_rank_and_the_calm_match_the_same(raw: dict[str, Any], country: str, word: str) -> None:
    wanted = simplify(parse_filter(raw))
    if is_impossible(wanted):
        return
    ranks, calm = possible_urgency_ranks(wanted), restrict_to_lowest_urgency(wanted)
    for held in HELD:
        keys = keys_of(held, country)
        is_match = matches(wanted, keys, [word])
        assert not is_match or rank_of(held) in ranks
        if rank_of(held) == LOWEST_URGENCY:
            assert matches(calm, keys, [word]) == is_match


def test_a_status_bounds_the_rank_and_its_denial_leaves_it_out() -> None:
    held = simplify(parse_filter({"status": ["EXPIRING_SOON", "SUSPENDED"]}))
    assert possible_urgency_ranks(held) == [0, 1, 2]
    denied = simplify(parse_filter({"not_": {"status": ["SUBSCRIPTION"]}}))
    assert possible_urgency_ranks(denied) == [0, 1, 2, 3, 4, 5, 6, 8]
    either = simplify(parse_filter({"any_of": [{"status": ["TRIAL"]}, {"search": "acme"}]}))
    assert restrict_to_lowest_urgency(either) == simplify(parse_filter({"search": "acme"}))
    assert restrict_to_lowest_urgency(simplify(parse_filter({"status": ["TRIAL"]}))) == NOTHING
