"""Searches in lists other than that of customers."""

import pytest

from domain.failures import BadUserInput
from domain.text.search import parse_search


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        (" \t", None),
        ("Größe  groesse", ("groesse", "grosse")),
        ("b a b", ("a", "b")),
        ("-&!", ()),
        ("x" * 100, ("x" * 100,)),
    ],
)
def test_the_words_of_a_search(text: str | None, expected: tuple[str, ...] | None) -> None:
    assert parse_search(text) == expected


def test_one_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadUserInput, match="at most 100 characters; this one has 101"):
        parse_search("x" * 101)
