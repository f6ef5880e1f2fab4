"""The division of long sequences into batches."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def split_into_batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Return the items in batches of `size`, in their order; the last batch can be shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))
