"""The division of long sequences into batches, and turns of those who share them."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import Any, Final, TypeVar

Item = TypeVar("Item")
_NONE: Final[Any] = object()


def split_into_batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Return the items in batches of `size`, in their order; the last batch can be shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))


def take_turns(items: Iterable[Item], owner_of: Callable[[Item], Hashable]) -> Iterator[Item]:
    """Return the first item of each owner, then the second of each, and so on, in their order.

    So nobody waits until all items of another are done.
    """
    owned: dict[Hashable, list[Item]] = {}
    for item in items:
        owned.setdefault(owner_of(item), []).append(item)
    rounds = zip_longest(*owned.values(), fillvalue=_NONE)
    return (item for item in chain.from_iterable(rounds) if item is not _NONE)
