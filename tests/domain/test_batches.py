"""Batches keep the order of the items and lose none."""

import pytest

from domain.batches import split_into_batches


@pytest.mark.parametrize(
    ("count", "batches"), [(0, []), (2, [[0, 1]]), (3, [[0, 1, 2]]), (7, [[0, 1, 2], [3, 4, 5], [6]])]
)
def test_splits_in_order_with_a_shorter_last_batch(count: int, batches: list[list[int]]) -> None:
    assert list(split_into_batches(list(range(count)), 3)) == batches
