"""What filters imply about sort values, checked against customers of every possible combination of statuses."""

from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.customers.conditions import NOTHING, AllOf, Condition, InstantInRange
from domain.customers.filter import parse_filter
from domain.customers.holding_conditions import HoldingEndsWithin
from domain.customers.implied_values import (
    LEAST_URGENT_RANK,
    implies_no_next_expiry,
    instant_limits,
    latest_next_expiry,
    possible_urgency_ranks,
    restrict_to_lowest_urgency,
    single_urgency_rank,
)
from domain.customers.matching import CustomerValues, matches
from domain.customers.projection import NO_STATUS_RANK
from domain.customers.simplification import is_impossible, simplify
from domain.entitlements.holdings import EXPIRING
from domain.types import URGENCY, URGENCY_RANK, CustomerStatus
from tests import random_values as rv
from tests.random_values import seeded

NOW = datetime(2026, 11, 22, 12)
Statuses = frozenset[CustomerStatus]
# EXPIRED excludes every other status.
COMBINATIONS = [
    frozenset(statuses)
    for size in range(4)
    for statuses in combinations(URGENCY, size)
    if CustomerStatus.EXPIRED not in statuses or size == 1
]
leaves = rv.fixed_dictionaries(
    {},
    optional={
        "status": rv.lists(rv.sampled_from(URGENCY), min_size=1, max_size=3),
        "search": rv.sampled_from(["ac", "no"]),
        "country": rv.just(["DE"]),
    },
)


def nest(inner: rv.Values[dict[str, Any]]) -> rv.Values[dict[str, Any]]:
    several = rv.lists(inner, min_size=1, max_size=3)
    return rv.fixed_dictionaries({}, optional={"all_of": several, "any_of": several, "not_": inner})


filters = leaves | nest(leaves) | nest(nest(leaves))


def rank_of(statuses: Statuses) -> int:
    return min((URGENCY_RANK[status] for status in statuses), default=NO_STATUS_RANK)


def customer_of(statuses: Statuses, country: str, word: str) -> CustomerValues:
    keys = frozenset({"*", f"country:{country}", *(f"status:{status}" for status in statuses)})
    return CustomerValues(keys, [word])


def parsed(raw: dict[str, Any]) -> Condition:
    return simplify(parse_filter(raw))


@settings(max_examples=300)
@given(seeded(filters), st.sampled_from(["DE", "FR"]), st.sampled_from(["acme", "other"]))
def test_every_match_has_an_implied_rank(raw: dict[str, Any], country: str, word: str) -> None:
    wanted = parsed(raw)
    if is_impossible(wanted):
        return
    ranks, single = possible_urgency_ranks(wanted), single_urgency_rank(wanted)
    for statuses in COMBINATIONS:
        if matches(wanted, customer_of(statuses, country, word)):
            assert rank_of(statuses) in ranks
            assert single in (None, rank_of(statuses))


@settings(max_examples=300)
@given(seeded(filters), st.sampled_from(["DE", "FR"]), st.sampled_from(["acme", "other"]))
def test_the_restricted_condition_matches_the_same_customers_of_lowest_urgency(
    raw: dict[str, Any], country: str, word: str
) -> None:
    wanted = parsed(raw)
    restricted = restrict_to_lowest_urgency(wanted)
    for statuses in COMBINATIONS:
        if rank_of(statuses) == LEAST_URGENT_RANK:
            customer = customer_of(statuses, country, word)
            assert matches(restricted, customer) == matches(wanted, customer)


@pytest.mark.parametrize(
    ("raw", "ranks"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ({"country": ["DE"]}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ({"status": ["EXPIRING_SOON", "SUSPENDED"]}, [0, 1, 2]),
        ({"status": ["SUSPENDED"]}, [0]),
        ({"status": ["EXPIRED"]}, [3]),
        ({"status": ["EXPIRED", "SUSPENDED"]}, [0, 1, 2, 3]),
        ({"not_": {"status": ["SUBSCRIPTION"]}}, [0, 1, 2, 3, 4, 5, 6, 8]),
        ({"not_": {"status": ["TRIAL"]}, "status": ["TRIAL", "SUSPENDED"]}, [0, 1, 2, 3, 4, 5]),
        ({"any_of": [{"status": ["TRIAL"]}, {"country": ["DE"]}]}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_a_status_limits_the_ranks_and_its_negation_excludes_one(raw: dict[str, Any], ranks: list[int]) -> None:
    assert possible_urgency_ranks(parsed(raw)) == ranks


@pytest.mark.parametrize(
    ("raw", "rank"),
    [
        ({"status": ["EXPIRED"]}, 3),
        ({"status": ["SUSPENDED"], "country": ["DE"]}, 0),
        ({"status": ["LICENSE_OVERAGE"]}, None),
        # One rank is left, but no key leads to its customers.
        ({"not_": {"status": list(URGENCY)}}, None),
        ({}, None),
    ],
)
def test_only_a_key_gives_a_single_rank(raw: dict[str, Any], rank: int | None) -> None:
    assert single_urgency_rank(parsed(raw)) == rank


def test_only_the_expired_have_no_next_expiry() -> None:
    assert implies_no_next_expiry(parsed({"status": ["EXPIRED"], "country": ["DE"]}))
    for raw in ({"status": ["EXPIRED", "TRIAL"]}, {"not_": {"status": ["EXPIRED"]}}, {"status": ["TRIAL"]}, {}):
        assert not implies_no_next_expiry(parsed(raw))


def test_the_smallest_window_limits_the_next_expiry() -> None:
    window = HoldingEndsWithin(EXPIRING, ("CALLING",), days=7)
    assert latest_next_expiry(parsed({"expires_within_days": 30}), NOW) == NOW + timedelta(days=30)
    assert latest_next_expiry(AllOf((*parse_filter({"expires_within_days": 30}).conditions, window)), NOW) == (
        NOW + timedelta(days=7)
    )
    assert latest_next_expiry(parsed({"not_": {"expires_within_days": 30}}), NOW) is None


def test_a_condition_restricted_to_the_lowest_urgency_has_no_other_status() -> None:
    either = parsed({"any_of": [{"status": ["TRIAL"]}, {"search": "acme"}]})
    assert restrict_to_lowest_urgency(either) == parsed({"search": "acme"})
    assert restrict_to_lowest_urgency(parsed({"status": ["TRIAL"]})) == NOTHING
    assert restrict_to_lowest_urgency(parsed({"status": ["SUBSCRIPTION"]})) == parsed({"status": ["SUBSCRIPTION"]})


def test_the_ranges_of_all_conditions_limit_an_instant() -> None:
    wanted = parsed({"created_at": {"since": NOW}, "all_of": [{"created_at": {"until": NOW + timedelta(days=2)}}]})
    assert instant_limits(wanted, "created_at") == InstantInRange("created_at", NOW, NOW + timedelta(days=2))
    assert instant_limits(wanted, "last_administrator_sign_in_at") is None
    negated = parsed({"not_": {"created_at": {"since": NOW}}})
    assert instant_limits(negated, "created_at") is None
