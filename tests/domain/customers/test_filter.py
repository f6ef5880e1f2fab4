"""Filters parsed from input, and evaluated in memory."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.customers.filter import (
    EVERYTHING,
    NOTHING,
    Condition,
    HasKey,
    is_impossible,
    matches,
    parse_filter,
    simplify,
    uses_time,
    without_dimension,
)
from domain.failures import BadUserInput
from domain.text.folding import customer_words
from domain.types import CustomerStatus

NOW = datetime(2026, 11, 22)
KEYS = {"*", "status:TRIAL", "product:CALLING", "country:RS"}
WORDS = customer_words("Đorđević 株式会社", "müller.example", "ORG-7")


def is_match(**raw: Any) -> bool:
    return matches(parse_filter(raw), KEYS, WORDS)


def nested(depth: int) -> dict[str, Any]:
    return {"not_": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize("text", ["dord", "DORĐ", "mull", "株式", "org 7", "example dord", "  ", "", "7-", "^dord$"])
def test_search_finds_by_the_start_of_each_word(text: str) -> None:
    assert is_match(search=text)


@pytest.mark.parametrize("text", ["ordevic", "zhu", "会社", "dord nobody", "!?", ".*", "d.*c", "-"])
def test_search_does_not_find(text: str) -> None:
    assert not is_match(search=text)


def test_null_and_absent_conditions_are_ignored() -> None:
    names = ("search", "managed_by", "status", "expires_within_days", "all_of", "any_of", "not_")
    assert is_match(**dict.fromkeys(names))
    assert simplify(parse_filter(None)) == EVERYTHING


def test_an_empty_list_matches_nothing_and_an_empty_all_of_everything() -> None:
    assert not is_match(status=[])
    assert not is_match(any_of=[])
    assert is_match(all_of=[])
    assert is_match(not_={"status": []})
    assert not is_match(not_={})


def test_values_of_a_list_are_joined_by_or_and_conditions_by_and() -> None:
    assert is_match(status=[CustomerStatus.EXPIRED, CustomerStatus.TRIAL])
    assert is_match(status="TRIAL", product=["CALLING"])
    assert not is_match(status="TRIAL", product=["MEETINGS"])
    assert is_match(any_of=[{"product": ["MEETINGS"]}, {"status": ["TRIAL"]}], country=["rs"])


def test_nests_five_deep_and_no_deeper() -> None:
    assert is_match(**nested(5)) is False
    with pytest.raises(BadUserInput, match="5 deep"):
        parse_filter(nested(6))


@pytest.mark.parametrize(
    "raw",
    [
        {"search": "x" * 101},
        {"expires_within_days": 0},
        {"expires_within_days": 366},
        {"expires_within_days": True},
        {"tag": [f"tag_{n}" for n in range(501)]},
        {"any_of": [{}] * 100},
        {"colour": ["red"]},
    ],
)
def test_rejects_an_invalid_filter(raw: dict[str, Any]) -> None:
    with pytest.raises(BadUserInput):
        parse_filter(raw)


def test_a_window_excludes_now_and_includes_its_last_moment() -> None:
    condition = parse_filter({"expires_within_days": 1})
    moment = timedelta(milliseconds=1)
    ends = {NOW: False, NOW + moment: True, NOW + timedelta(days=1): True, NOW + timedelta(days=1) + moment: False}
    assert {end: matches(condition, KEYS, WORDS, [end], NOW) for end in ends} == ends
    with pytest.raises(ValueError, match="requires `now`"):
        matches(condition, KEYS, WORDS)


def test_only_windows_of_time_use_time() -> None:
    assert uses_time(parse_filter({"any_of": [{"not_": {"expires_within_days": 1}}]}))
    assert not uses_time(parse_filter({"search": "a", "all_of": [{"status": ["TRIAL"]}]}))


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
