"""The documents that a process remembers, bounded by the memory that they hold."""

from collections import OrderedDict
from typing import Generic, TypeVar

from graphql import DocumentNode

MAX_CACHE_BYTES = 32 * 1024 * 1024
# Measured for graphql-core 3.3.2, again by a test: a token takes at most 590 bytes with its nodes, and the rest of a
# document 2 kB.
_TOKEN_BYTES, _DOCUMENT_BYTES = 600, 2_000
# A character takes at most four bytes.
_CHARACTER_BYTES = 4

Outcome = TypeVar("Outcome")


class DocumentCache(Generic[Outcome]):
    """What is known of documents, by their texts; the least recently used are forgotten first."""

    def __init__(self, max_bytes: int = MAX_CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, tuple[Outcome, int]] = OrderedDict()
        self.bytes = 0

    def get(self, text: str) -> Outcome | None:
        """Return what is known of a text; None where it is not remembered."""
        entry = self._entries.get(text)
        if entry is None:
            return None
        self._entries.move_to_end(text)
        return entry[0]

    def store(self, text: str, outcome: Outcome, size: int) -> None:
        """Remember the outcome of a text, which takes `size` bytes besides the text."""
        size += len(text) * _CHARACTER_BYTES + _DOCUMENT_BYTES
        self._entries[text] = (outcome, size)
        self.bytes += size
        while self.bytes > self._max_bytes:
            _, (_, dropped) = self._entries.popitem(last=False)
            self.bytes -= dropped

    def __len__(self) -> int:
        """Return the number of remembered documents."""
        return len(self._entries)


def document_bytes(document: DocumentNode) -> int:
    """Return an upper bound of the memory of a document's tokens and nodes."""
    count, token = 0, document.loc.start_token if document.loc else None
    while token is not None:
        count, token = count + 1, token.next
    return count * _TOKEN_BYTES
