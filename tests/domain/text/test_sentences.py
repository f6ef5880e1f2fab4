"""Lists of names in sentences."""

import pytest

from domain.text.sentences import join_names


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["Gold"], "Gold"),
        (["Gold", "EMEA"], "Gold and EMEA"),
        (["Gold", "EMEA", "Key account"], "Gold, EMEA and Key account"),
    ],
)
def test_the_last_name_follows_the_conjunction(names: list[str], sentence: str) -> None:
    assert join_names(names) == sentence


def test_the_conjunction_can_be_chosen() -> None:
    assert join_names(iter(["a", "b"]), "or") == "a or b"


def test_no_names_cannot_be_joined() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        join_names([])
