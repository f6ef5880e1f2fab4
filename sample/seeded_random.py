"""Random draws that are the same on every platform and Python version."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


class SeededRandom:
    """Draws that use `Random.random()` only.

    It is the only method whose sequence Python guarantees. `math.log` and `**` of floats are not used for the same
    reason: their last digit depends on the C library.
    """

    def __init__(self, seed: int) -> None:
        # Nothing here is secret; the same seed must give the same draws.
        self.fraction = Random(seed).random  # noqa: S311

    def chance(self, probability: float) -> bool:
        return self.fraction() < probability

    def randint(self, low: int, high: int) -> int:
        """Return an integer from `low` to `high`, both included; `low` if the range is empty."""
        return low + int(self.fraction() * (high - low + 1)) if high > low else low

    def uniform(self, low: float, high: float) -> float:
        return low + self.fraction() * (high - low)

    def choice(self, items: Sequence[Item]) -> Item:
        return items[int(self.fraction() * len(items))]

    def weighted_choice(self, table: Sequence[tuple[Item, int]]) -> Item:
        """Return an item of `(item, weight)` pairs."""
        left = int(self.fraction() * sum(weight for _, weight in table))
        for item, weight in table:
            left -= weight
            if left < 0:
                return item
        raise ValueError("a table without weight")

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.randint(0, last)
            result[last], result[other] = result[other], result[last]
        return result
