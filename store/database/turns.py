"""Long work on many items in turns, between which the requests and feeds of the process run."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

from domain.batches import split_into_batches

Item = TypeVar("Item")


async def in_turns(items: Sequence[Item], size: int) -> AsyncIterator[Sequence[Item]]:
    """Yield the items in parts of `size`; other tasks run before each part but the first."""
    for position, part in enumerate(split_into_batches(items, size)):
        if position:
            await asyncio.sleep(0)
        yield part
