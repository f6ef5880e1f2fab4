"""Assigning and removing tags, and how sentences name them."""

import pytest

from domain.partner.tags import apply_tags, format_tag_names


@pytest.mark.parametrize(
    ("current", "tags", "is_addition", "expected"),
    [
        ([], ["a", "b"], True, ["a", "b"]),
        (["b"], ["a", "b"], True, ["b", "a"]),
        (["a", "b"], ["a", "b"], True, ["a", "b"]),
        (["a", "b", "c"], ["b"], False, ["a", "c"]),
        (["a"], ["b"], False, ["a"]),
        ([], ["b"], False, []),
    ],
)
def test_tags_after_a_change(current: list[str], tags: list[str], is_addition: bool, expected: list[str]) -> None:
    before = list(current)
    assert apply_tags(current, tags, is_addition=is_addition) == expected
    assert current == before


@pytest.mark.parametrize(
    ("names", "sentence"),
    [(["Gold"], "Tag Gold"), (["Gold", "EMEA"], "Tags EMEA and Gold"), (["c", "b", "a"], "Tags a, b and c")],
)
def test_sentences_name_tags_in_order(names: list[str], sentence: str) -> None:
    assert format_tag_names(names) == sentence
