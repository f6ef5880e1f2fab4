"""The fields that a write computes: words are folded again only where they can differ."""

from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.text.words import customer_words
from store.changes.customer_fields import fold_fields, put_list_fields_first

NUMBERS = st.lists(st.sampled_from(["S-1", "s 2", "Müller-3", "acme", "广厦-4", "T5"]), unique=True, max_size=4)
NAMES = st.sampled_from(["Acme s", "Müller 2", "广厦食品", "T5"])


def _customer(name: str, numbers: list[str]) -> dict[str, Any]:
    return {"name": name, "domain": "acme.example", "external_id": "C-1", "living_numbers": numbers}


def _expected_words(customer: dict[str, Any]) -> list[str]:
    return customer_words(customer["name"], customer["domain"], customer["external_id"], customer["living_numbers"])


@settings(max_examples=200)
@given(NAMES, NAMES, NUMBERS, NUMBERS)
def test_words_after_a_change_equal_words_from_nothing(
    name_before: str, name: str, numbers_before: list[str], numbers: list[str]
) -> None:
    before = _customer(name_before, numbers_before)
    before |= fold_fields(before, {"keys": ()})
    after = _customer(name, numbers)
    fields = fold_fields(after, before)
    assert fields == fold_fields(after, {"keys": ()})
    assert fields["words"] == _expected_words(after)


def test_fields_of_indexes_come_first() -> None:
    now = datetime(2026, 1, 1)
    customer = {
        **dict.fromkeys(("statuses", "sign_in_sort", "next_expiry_sort", "urgency_sort"), 0),
        "name": "Acme",
        "external_id": "C-1",
        "created_at": now,
        "due_at": None,
        "name_folded": "acme",
        "keys": ["*"],
        "order_keys": ["*"],
        "partner_id": "p",
        "_id": "cus_1",
    }
    ordered = put_list_fields_first(customer)
    assert ordered == customer
    assert list(ordered)[:5] == ["_id", "partner_id", "order_keys", "keys", "name_folded"]
    assert list(ordered)[-2:] == ["statuses", "name"]
