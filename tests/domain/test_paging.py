"""What a client may ask of a page."""

import pytest

from domain.failures import BadUserInput
from domain.paging import Page, PageRequest


def test_neither_first_nor_last_means_the_first_25() -> None:
    assert (PageRequest().size, PageRequest().is_backward) == (25, False)
    assert (PageRequest(last=3).size, PageRequest(last=3).is_backward) == (3, True)


@pytest.mark.parametrize("size", [-1, 0, 201])
@pytest.mark.parametrize("name", ["first", "last"])
def test_rejects_a_size_outside_1_to_200(name: str, size: int) -> None:
    with pytest.raises(BadUserInput, match=f"{name} is a number from 1 to 200"):
        PageRequest(first=size) if name == "first" else PageRequest(last=size)


def test_rejects_first_and_last_together() -> None:
    with pytest.raises(BadUserInput, match="not for both"):
        PageRequest(first=1, last=1)


def test_cursors_stand_at_both_ends() -> None:
    page = Page(["a", "b"], has_next=False, has_previous=False, cursor_of=str.upper)
    assert (page.start_cursor, page.end_cursor, page.cursors) == ("A", "B", ["A", "B"])
    empty: Page[str] = Page([], has_next=False, has_previous=False, cursor_of=str.upper)
    assert (empty.start_cursor, empty.end_cursor) == (None, None)
