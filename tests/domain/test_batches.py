"""Batches keep the order of the items and lose none."""

from operator import itemgetter

import pytest

from domain.batches import split_into_batches, take_turns


@pytest.mark.parametrize(
    ("count", "batches"), [(0, []), (2, [[0, 1]]), (3, [[0, 1, 2]]), (7, [[0, 1, 2], [3, 4, 5], [6]])]
)
def test_splits_in_order_with_a_shorter_last_batch(count: int, batches: list[list[int]]) -> None:
    assert list(split_into_batches(list(range(count)), 3)) == batches


def test_owners_take_turns_in_the_order_of_their_items() -> None:
    items = ["a1", "a2", "a3", "b1", "c1", "b2"]
    assert list(take_turns(items, itemgetter(0))) == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert list(take_turns([], itemgetter(0))) == []
