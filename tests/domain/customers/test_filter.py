"""Filters parsed from input, and evaluated in memory."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.customers.conditions import EVERYTHING, AllOf, InstantInRange
from domain.customers.filter import find_time_conditions, parse_filter
from domain.customers.matching import CustomerValues, matches
from domain.customers.simplification import simplify
from domain.failures import BadUserInput
from domain.text.words import customer_words
from domain.types import CustomerStatus

NOON = datetime(2026, 11, 22, 12)
KEYS = {"*", "status:TRIAL", "product:CALLING", "country:RS"}
WORDS = customer_words("Đorđević 株式会社", "müller.example", "ORG-7")


def is_match(**raw: Any) -> bool:
    return matches(parse_filter(raw), CustomerValues(KEYS, WORDS, NOON))


def nested(depth: int) -> dict[str, Any]:
    return {"not_": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize(
    "text", ["dord", "DORĐ", "mull", "muell", "株式", "会社", "org 7", "example dord", "  ", "", "7-", "^dord$"]
)
def test_search_finds_by_the_start_of_each_word(text: str) -> None:
    assert is_match(search=text)


@pytest.mark.parametrize("text", ["ordevic", "zhu", "社会", "dord nobody", "!?", ".*", "d.*c", "-"])
def test_search_does_not_find(text: str) -> None:
    assert not is_match(search=text)


def test_null_and_absent_conditions_are_ignored() -> None:
    names = ("search", "managed_by", "status", "expires_within_days", "has_tags", "created_at", "all_of", "not_")
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
        {"renews_within_days": 0},
        {"renews_within_days": 366},
        {"tag": [f"tag_{n}" for n in range(501)]},
        {"any_of": [{}] * 100},
        {"colour": ["red"]},
    ],
)
def test_rejects_an_invalid_filter(raw: dict[str, Any]) -> None:
    with pytest.raises(BadUserInput):
        parse_filter(raw)


@pytest.mark.parametrize(("name", "none"), [("has_tags", "has_tags:no"), ("has_assignments", "has_assignments:no")])
def test_has_any_or_none(name: str, none: str) -> None:
    assert not matches(parse_filter({name: True}), CustomerValues({none}))
    assert matches(parse_filter({name: False}), CustomerValues({none}))
    assert matches(parse_filter({name: True}), CustomerValues({none.replace("no", "yes")}))


def test_a_range_includes_its_start_and_excludes_its_end() -> None:
    moment = timedelta(milliseconds=1)
    assert is_match(created_at={"since": NOON, "until": NOON + moment})
    assert not is_match(created_at={"since": NOON + moment})
    assert not is_match(created_at={"until": NOON})
    assert is_match(created_at={"until": NOON + moment})


def test_a_customer_without_the_value_is_in_no_range() -> None:
    assert is_match(created_at={})
    assert not is_match(last_administrator_sign_in_at={})
    assert is_match(not_={"last_administrator_sign_in_at": {"since": None, "until": None}})
    assert parse_filter({"created_at": {}}) == AllOf((InstantInRange("created_at", None, None),))


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ({"any_of": [{"not_": {"expires_within_days": 1}}]}, ["expiresWithinDays"]),
        ({"renews_within_days": 3}, ["renewsWithinDays"]),
        ({"expires_within_days": None, "search": "a", "all_of": [{"status": ["TRIAL"]}]}, []),
        ({"created_at": {"since": NOON}, "has_tags": True, "invoice_state": ["OPEN"]}, []),
    ],
)
def test_names_the_conditions_that_time_changes(raw: dict[str, Any], names: list[str]) -> None:
    assert list(find_time_conditions(raw)) == names
