"""The imports over HTTP that a process runs at once: limited for each partner.

One import keeps up to 16 MB of records while it waits for the next ones, and counts as a request in progress. Any
number of slow ones would fill the memory, and take all requests from the other partners.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class RunningImports:
    """The number of imports that run, by partner."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    @contextmanager
    def track(self, partner_id: str, most: int) -> Iterator[bool]:
        """Count an import until the block ends; yield False where it would be one too many, and is not counted."""
        if self._counts[partner_id] >= most:
            yield False
            return
        self._counts[partner_id] += 1
        try:
            yield True
        finally:
            self._counts[partner_id] -= 1
            if not self._counts[partner_id]:
                # Otherwise each partner that ever imported would be kept.
                del self._counts[partner_id]
