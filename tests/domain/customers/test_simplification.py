"""Simplified conditions: equivalent, without redundant parts, and known to be impossible where they are."""

from datetime import datetime
from typing import Any

import pytest

from domain.customers.conditions import EVERYTHING, NOTHING, Condition, HasKey, InstantInRange
from domain.customers.filter import parse_filter
from domain.customers.simplification import is_impossible, simplify, without_dimension

NOON = datetime(2026, 11, 22, 12)


def test_removes_only_the_top_level_condition_of_a_dimension() -> None:
    inner = {"all_of": [{"status": ["EXPIRED"]}]}
    assert without_dimension(parse_filter({"status": ["TRIAL"], **inner}), "status") == parse_filter(inner)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"all_of": [{}, {"all_of": []}]}, EVERYTHING),
        ({"status": [], "product": ["CALLING"]}, NOTHING),
        ({"any_of": [{"status": ["TRIAL"]}, {}]}, EVERYTHING),
        ({"any_of": [{"tag": ["b"]}, {"country": ["DE"]}, {"tag": []}]}, HasKey("", ("country:DE", "tag:b"))),
        ({"not_": {"not_": {"tag": ["a"]}}}, HasKey("tag", ("tag:a",))),
        ({"search": "?"}, NOTHING),
        ({"not_": {"any_of": []}}, EVERYTHING),
        ({"not_": {"has_tags": True}}, HasKey("has_tags", ("has_tags:no",))),
        ({"not_": {"has_assignments": False}}, HasKey("has_assignments", ("has_assignments:yes",))),
        ({"created_at": {"since": NOON, "until": NOON}}, NOTHING),
        ({"created_at": {"until": NOON}}, InstantInRange("created_at", None, NOON)),
    ],
)
def test_simplifies_to_an_equivalent_condition(raw: dict[str, Any], expected: Condition) -> None:
    assert simplify(parse_filter(raw)) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"status": ["EXPIRED"], "product": ["CALLING"]}, True),
        ({"status": ["EXPIRED"], "subscription_type": ["TRIAL"]}, True),
        ({"status": ["EXPIRED"], "all_of": [{"status": ["TRIAL", "SUSPENDED"]}]}, True),
        ({"status": ["EXPIRED"], "expires_within_days": 1}, True),
        ({"status": ["EXPIRED"], "renews_within_days": 1}, True),
        ({"status": ["EXPIRED"], "invoice_state": ["OVERDUE"]}, True),
        ({"status": ["EXPIRED"], "has_tags": True}, False),
        ({"tag": []}, True),
        ({"status": ["EXPIRED"], "country": ["DE"]}, False),
        ({"status": ["EXPIRED", "TRIAL"], "product": ["CALLING"]}, False),
        ({"status": ["EXPIRED"], "any_of": [{"product": ["CALLING"]}, {"tag": ["a"]}]}, False),
        ({"status": ["EXPIRED"]}, False),
        ({}, False),
    ],
)
def test_an_expired_customer_with_a_living_entitlement_is_impossible(raw: dict[str, Any], expected: bool) -> None:
    assert is_impossible(simplify(parse_filter(raw))) is expected
