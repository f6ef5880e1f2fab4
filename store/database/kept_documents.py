"""Documents that a process keeps by their stored bytes, so that equal bytes are decoded once.

A list of customers reads the same subscriptions again and again, and few have changed since. Each read asks MongoDB, so
what is kept is never outdated: it says only what some bytes mean.
"""

from collections.abc import Callable, Iterator, Sequence
from struct import Struct
from typing import Any, Generic, Protocol, TypeVar

from bson import CodecOptions, decode_all
from bson.raw_bson import RawBSONDocument


class Keepable(Protocol):
    """A document that can keep one row of a response.

    `kept_row` is None while it keeps no row, `()` when it may keep one, and then the row with what it is valid for.
    """

    kept_row: Any


Kept = TypeVar("Kept", bound=Keepable)
NAIVE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=False)
RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
MAX_BYTES = 16 * 1024 * 1024
# What a document takes beside its bytes: itself decoded, and its latest row.
_DOCUMENT_BYTES, _FACTOR = 1_000, 8
_read_length = Struct("<i").unpack_from


class KeptDocuments(Generic[Kept]):
    """Documents that `make` makes of what is stored; where there is no room for more, all are dropped."""

    def __init__(self, make: Callable[[dict[str, Any]], Kept], max_bytes: int = MAX_BYTES) -> None:
        self._make, self._max_bytes = make, max_bytes
        self._documents: dict[bytes, Kept] = {}
        # An estimate of the memory of all.
        self.bytes = 0

    def read(self, stored: Sequence[bytes]) -> list[Kept]:
        """Return the documents of their BSON, in order. Those that are read again can keep a row."""
        found = list(map(self._documents.get, stored))
        for document in found:
            if document is not None and document.kept_row is None:
                document.kept_row = ()
        missing = [each for each, document in zip(stored, found, strict=True) if document is None]
        new = iter(self._keep(missing) if missing else ())
        return [next(new) if document is None else document for document in found]

    def _keep(self, missing: Sequence[bytes]) -> list[Kept]:
        documents = list(map(self._make, decode_all(b"".join(missing), NAIVE)))
        size = _DOCUMENT_BYTES * len(missing) + _FACTOR * sum(map(len, missing))
        if self.bytes + size > self._max_bytes:
            self._documents.clear()
            self.bytes = 0
        if size <= self._max_bytes:
            self._documents.update(zip(missing, documents, strict=True))
            self.bytes += size
        return documents


def split_batch(batch: bytes) -> Iterator[bytes]:
    """Yield the documents of a batch; each begins with its length."""
    start, end = 0, len(batch)
    while start < end:
        next_start = start + _read_length(batch, start)[0]
        yield batch[start:next_start]
        start = next_start
