"""Documents that a process keeps by their stored bytes, so that equal bytes are decoded once.

A list of customers reads the same subscriptions again and again, and few have changed since. Each read asks MongoDB, so
what is kept is never outdated: it says only what some bytes mean.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar

from bson import CodecOptions, decode


class Keepable(Protocol):
    """A document whose row of a response can be kept with it (`execution/kept_rows.py`); None says that it is not."""

    kept_row: Any


Kept = TypeVar("Kept", bound=Keepable)
_NAIVE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=False)
MAX_BYTES = 16 * 1024 * 1024
# What a document takes beside its bytes: itself decoded, and its latest row.
_DOCUMENT_BYTES, _FACTOR = 1_000, 8


class KeptDocuments(Generic[Kept]):
    """Documents that `make` makes of what is stored; where there is no room for one more, all are dropped."""

    def __init__(self, make: Callable[[dict[str, Any]], Kept], max_bytes: int = MAX_BYTES) -> None:
        self._make, self._max_bytes = make, max_bytes
        self._documents: dict[bytes, Kept] = {}
        # An estimate of the memory of all.
        self.bytes = 0

    def read(self, batches: Iterable[bytes]) -> list[Kept]:
        """Return the documents of batches of BSON, in their order."""
        find = self._documents.get
        return [find(stored) or self._keep(stored) for batch in batches for stored in _split(batch)]

    def _keep(self, stored: bytes) -> Kept:
        document = self._make(decode(stored, _NAIVE))
        size = _DOCUMENT_BYTES + _FACTOR * len(stored)
        if self.bytes + size > self._max_bytes:
            self._documents.clear()
            self.bytes = 0
        if size <= self._max_bytes:
            self._documents[stored] = document
            self.bytes += size
            document.kept_row = ()
        return document


def _split(batch: bytes) -> Iterator[bytes]:
    """Yield the documents of a batch; each begins with its length."""
    start, end = 0, len(batch)
    while start < end:
        next_start = start + int.from_bytes(batch[start : start + 4], "little")
        yield batch[start:next_start]
        start = next_start
