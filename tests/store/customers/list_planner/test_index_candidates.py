"""The keys that conditions give as candidates, and their order by count."""

from datetime import timedelta
from typing import Any

import pytest

from domain.customers.conditions import AllOf
from domain.customers.holding_conditions import HoldingEndsWithin
from domain.customers.time_buckets import CREATIONS, EXPIRIES, RENEWALS, ordering_expiry_window_keys
from domain.entitlements.holdings import EXPIRING
from store.customers.list_planner.index_candidates import (
    IndexCandidate,
    ListQuery,
    candidate_keys,
    candidates_by_name,
    candidates_in_order,
    candidates_outside_order_keys,
)
from tests.store.customers.list_planner.factory_plans import BY_NAME, NOW, FixedCounts, list_query

WINDOW = (NOW, NOW + timedelta(days=30))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, [("*",)]),
        ({"status": ["TRIAL"]}, [("status:TRIAL",)]),
        ({"status": ["TRIAL", "EXPIRED"], "tag": ["x"]}, [("status:EXPIRED", "status:TRIAL"), ("tag:x",)]),
        ({"search": "acme gmbh"}, [("w:acme",), ("w:gmbh",)]),
        ({"search": "a" * 30}, [("w:" + "a" * 24,)]),
        ({"expires_within_days": 30}, [tuple(EXPIRIES.window_keys(*WINDOW))]),
        ({"renews_within_days": 30}, [tuple(RENEWALS.coarse_window_keys(*WINDOW))]),
        ({"has_tags": False, "invoice_state": ["OPEN"]}, [("has_tags:no",), ("invoice:OPEN",)]),
        ({"created_at": {"since": NOW}}, [tuple(CREATIONS.open_window_keys(NOW, None, NOW))]),
        ({"not_": {"created_at": {"since": NOW}}}, [("*",)]),
        # A negation gives a candidate only where absence is stored.
        ({"not_": {"status": ["SUBSCRIPTION"]}}, [("no:status:SUBSCRIPTION",)]),
        ({"not_": {"status": ["TRIAL"]}}, [("*",)]),
        ({"not_": {"subscription_type": ["SUBSCRIPTION", "TRIAL"]}}, [("no:type:SUBSCRIPTION",)]),
        # An alternative without a candidate leaves its whole disjunction without one.
        ({"any_of": [{"status": ["TRIAL"]}, {"search": "acme"}]}, [("status:TRIAL", "w:acme")]),
        ({"any_of": [{"status": ["TRIAL"]}, {"not_": {"tag": ["x"]}}]}, [("*",)]),
    ],
)
def test_a_condition_gives_the_keys_that_every_match_has(raw: dict[str, Any], expected: list[Any]) -> None:
    assert candidate_keys(list_query(raw)) == expected


@pytest.mark.parametrize(("tags", "expected"), [(99, 100), (100, 1)])
def test_a_disjunction_of_more_than_a_hundred_keys_gives_none(tags: int, expected: int) -> None:
    raw = {"any_of": [{"tag": [f"t{number}" for number in range(tags)]}, {"search": "acme"}]}
    (keys,) = candidate_keys(list_query(raw))
    assert len(keys) == expected


def test_the_visibility_key_is_a_candidate_of_assigned_administrators_only() -> None:
    assert candidate_keys(list_query({}, visibility_key="administrator:a")) == [("administrator:a",)]
    assert candidate_keys(list_query({"tag": ["x"]}, visibility_key="administrator:a")) == [
        ("administrator:a",),
        ("tag:x",),
    ]
    assert candidate_keys(list_query({"tag": ["x"]})) == [("tag:x",)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"search": "acme"}, [("*",)]),
        ({"search": "acme", "tag": ["x"]}, [("tag:x",)]),
        ({"expires_within_days": 30}, [tuple(ordering_expiry_window_keys(*WINDOW))]),
        ({"renews_within_days": 30}, [tuple(RENEWALS.at_least(256).window_keys(*WINDOW))]),
        ({"created_at": {"since": NOW}, "has_assignments": True}, [("*",)]),
        ({"not_": {"status": ["SUBSCRIPTION"]}}, [("no:status:SUBSCRIPTION",)]),
        ({"any_of": [{"tag": ["x"]}, {"expires_within_days": 1}]}, [("*",)]),
        ({"any_of": [{"tag": ["x"]}, {"not_": {"status": ["SUBSCRIPTION"]}}]}, [("no:status:SUBSCRIPTION", "tag:x")]),
    ],
)
def test_other_orders_have_candidates_among_the_ordering_keys(raw: dict[str, Any], expected: list[Any]) -> None:
    candidates = candidates_in_order(list_query(raw), FixedCounts(), 200_000)
    assert [candidate.keys for candidate in candidates] == expected


def test_candidates_are_sorted_by_count_whether_known_or_estimated() -> None:
    query = list_query({"status": ["TRIAL"], "tag": ["x"], "country": ["DE"]})
    candidates = candidates_by_name(query, FixedCounts({"status:TRIAL": 7_000}), 200_000)
    assert candidates == [
        IndexCandidate(("tag:x",), 6_000, is_known=False),
        IndexCandidate(("status:TRIAL",), 7_000, is_known=True),
        IndexCandidate(("country:DE",), 20_000, is_known=False),
    ]


def test_the_only_candidate_of_everything_needs_no_statistics() -> None:
    (candidate,) = candidates_by_name(list_query({}), FixedCounts({"*": 3}), 200_000)
    assert candidate == IndexCandidate(("*",), 200_000, is_known=False)


@pytest.mark.parametrize(
    ("keys", "is_time_dependent"),
    [
        (("status:TRIAL",), True),
        (("type:TRIAL", "ends_64h:5"), True),
        (("no:status:SUBSCRIPTION",), True),
        (("status:TRIAL", "tag:x"), False),
        (("country:DE",), False),
        (("w:acme",), False),
    ],
)
def test_a_candidate_is_time_dependent_if_all_its_keys_are(keys: tuple[str, ...], is_time_dependent: bool) -> None:
    assert IndexCandidate(keys, 1, is_known=True).is_time_dependent is is_time_dependent


async def test_words_and_holdings_are_counted() -> None:
    condition = HoldingEndsWithin(EXPIRING, ("CALLING",), days=3)
    wanted = AllOf((condition, *list_query({"search": "acme", "tag": ["x"]}).wanted.conditions))  # type: ignore[union-attr]
    holding = condition.keys(NOW).all
    counts = FixedCounts(uncounted={"w:acme": 7, **dict.fromkeys(holding, 10)})
    candidates = await candidates_outside_order_keys(ListQuery(wanted, BY_NAME, "*", NOW), counts)
    assert [candidate.keys for candidate in candidates] == [("w:acme",), holding]
    assert all(candidate.is_known for candidate in candidates)
    assert set(counts.counted) == {("w:acme",), holding}


async def test_nothing_is_counted_in_a_small_partner_or_without_words() -> None:
    counts = FixedCounts({"*": 4_000}, {"w:acme": 7})
    (candidate,) = await candidates_outside_order_keys(list_query({"search": "acme"}), counts)
    assert (candidate.is_known, counts.counted) == (False, [])
    assert await candidates_outside_order_keys(list_query({"tag": ["x"]}), FixedCounts({"*": 4_001})) == []
    counts = FixedCounts({"*": 4_001}, {"w:acme": 7})
    await candidates_outside_order_keys(list_query({"search": "acme"}), counts)
    assert counts.counted == [("w:acme",)]
