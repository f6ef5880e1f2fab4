"""Rules of tags: what a customer gains and loses, when time changes the result, and what a rule cannot contain."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.filter import parse_filter
from domain.customers.matching import CustomerEnds, CustomerValues, matches
from domain.customers.tag_rules import (
    MAX_RULE_VALUES,
    TagRule,
    apply_rules,
    find_rule_mistakes,
    next_rule_change_at,
    referenced_tags,
)

NOW = datetime(2026, 11, 25, 9)
DAY = timedelta(days=1)
STATUSES = ("EXPIRED", "TRIAL", "SUSPENDED")
FILTERS: list[dict[str, Any]] = [
    {},
    {"status": ["EXPIRED"]},
    {"not_": {"status": ["TRIAL"]}},
    {"tag": ["tag_hand"], "country": ["DE"]},
    {"any_of": [{"search": "acme"}, {"expires_within_days": 7}]},
    {"renews_within_days": 30},
]
customers = st.builds(
    lambda statuses, tags, country: CustomerValues(
        frozenset(
            [*(f"status:{status}" for status in statuses), *(f"tag:{tag}" for tag in tags), *(f"country:{country}",)]
        ),
        ["acme"] if len(statuses) == 1 else [],
    ),
    st.sets(st.sampled_from(STATUSES)),
    st.sets(st.sampled_from(["tag_hand"])),
    st.sampled_from(["DE", "FR"]),
)
ends = st.lists(st.integers(-5, 40).map(lambda days: NOW + days * DAY), max_size=3)


def rule(number: int, raw: dict[str, Any]) -> TagRule:
    return TagRule(f"tag_{number}", f"Tag {number}", parse_filter(raw))


@given(
    st.permutations(FILTERS),
    customers,
    ends,
    ends,
    st.lists(st.sampled_from(["tag_0", "tag_1", "tag_hand", "tag_x"]), unique=True),
)
def test_a_customer_has_exactly_the_tags_whose_rules_it_matches(
    filters: list[dict[str, Any]],
    customer: CustomerValues,
    expiring: list[datetime],
    renewing: list[datetime],
    tag_ids: list[str],
) -> None:
    rules = [rule(number, raw) for number, raw in enumerate(filters)]
    at = CustomerEnds(NOW, expiring, renewing)
    ruled = apply_rules(rules, tag_ids, customer, at)
    for one in rules:
        assert (one.tag_id in ruled.tag_ids) == matches(one.condition, customer, at)
    assert [tag for tag in ruled.tag_ids if tag in ("tag_hand", "tag_x")] == [
        t for t in tag_ids if t in ("tag_hand", "tag_x")
    ]
    changed = {one.tag_id for one in (*ruled.added, *ruled.removed)}
    assert changed == set(ruled.tag_ids) ^ set(tag_ids)
    # Nothing changes by time alone before the moment, or before an end.
    moment = min(
        [next_rule_change_at(rules, at) or NOW + 99 * DAY, *(end for end in (*expiring, *renewing) if end > NOW)]
    )
    later = CustomerEnds(moment - timedelta(milliseconds=1), expiring, renewing)
    assert apply_rules(rules, tag_ids, customer, later).tag_ids == ruled.tag_ids


def test_the_next_change_is_when_an_end_enters_the_window() -> None:
    window = [rule(0, {"all_of": [{"not_": {"expires_within_days": 7}}]})]
    end = NOW + 10 * DAY
    assert next_rule_change_at(window, CustomerEnds(NOW, [end], [NOW + 9 * DAY])) == end - 7 * DAY
    assert next_rule_change_at(window, CustomerEnds(end - 7 * DAY, [end])) is None
    assert next_rule_change_at([rule(0, {"status": ["TRIAL"]})], CustomerEnds(NOW, [end])) is None


@pytest.mark.parametrize(
    ("raw", "mistakes"),
    [
        ({"status": ["TRIAL"], "tag": ["tag_hand"]}, 0),
        ({"any_of": [{"not_": {"kpi": {"kind": "NEARING_RENEWAL"}}}]}, 1),
        ({"has_tags": False}, 1),
        ({"has_assignments": False, "created_at": {"since": NOW}}, 0),
        ({"all_of": [{"tag": ["tag_ruled"]}]}, 1),
        ({"tag": [f"tag_{number}" for number in range(MAX_RULE_VALUES)]}, 1),
    ],
)
def test_a_rule_reads_one_customer_and_the_clock_alone(raw: dict[str, Any], mistakes: int) -> None:
    assert len(list(find_rule_mistakes(raw, {"tag_ruled"}))) == mistakes


def test_the_tags_that_a_rule_reads_are_found_at_every_depth() -> None:
    assert referenced_tags(parse_filter({"any_of": [{"not_": {"tag": ["a"]}}, {"tag": ["b"]}]})) == {"a", "b"}
