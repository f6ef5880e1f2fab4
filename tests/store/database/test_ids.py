"""Ids and their type prefix."""

import pytest

from store.database.ids import new_id, prefix_of


def test_a_new_id_has_its_prefix_and_is_unique() -> None:
    first, second = new_id("cus"), new_id("cus")
    assert first != second and prefix_of(first) == prefix_of(second) == "cus"


@pytest.mark.parametrize(
    "text",
    ["", "cus", "cus_", "cus_64b7", "CUS_" + "0" * 24, "cus_" + "G" * 24, "cus_" + "0" * 25, " cus_" + "0" * 24],
)
def test_any_other_text_has_no_prefix(text: str) -> None:
    assert prefix_of(text) is None
