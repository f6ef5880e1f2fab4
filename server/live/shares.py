"""A sequence in shares of a size, each of which is the work of one step."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def split(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield the items in order, `size` at once; the last share may be smaller."""
    return (items[start : start + size] for start in range(0, len(items), size))
