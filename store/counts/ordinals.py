"""The ordinals of customers: small numbers that bitmaps consist of, found by the customer's id.

A dictionary of ids would take 200 bytes a customer. Here an entry is 12 bytes of a digest and the 4 bytes of the
ordinal. A hash chooses the bucket, which is searched as a whole.
"""

from hashlib import blake2b

_DIGEST_SIZE, _ENTRY_SIZE = 12, 16
_BUCKETS = 4096


class Ordinals:
    """Ids with their ordinals, counted from 0. An ordinal is never removed."""

    def __init__(self) -> None:
        self.count = 0
        self._buckets: dict[int, bytearray] = {}

    def find(self, id_: str) -> int | None:
        """Return the ordinal of the id; None where it has none."""
        digest = _digest(id_)
        bucket = self._buckets.get(_bucket_number(digest), b"")
        place = bucket.find(digest)
        while place % _ENTRY_SIZE:
            # Found across two entries, or not at all (-1).
            if place < 0:
                return None
            place = bucket.find(digest, place + 1)
        return int.from_bytes(bucket[place + _DIGEST_SIZE : place + _ENTRY_SIZE], "little")

    def add(self, id_: str) -> int:
        """Return a new ordinal for an id that has none."""
        digest, ordinal = _digest(id_), self.count
        bucket = self._buckets.setdefault(_bucket_number(digest), bytearray())
        bucket += digest + ordinal.to_bytes(_ENTRY_SIZE - _DIGEST_SIZE, "little")
        self.count += 1
        return ordinal

    @property
    def bytes(self) -> int:
        """The memory of all entries."""
        return self.count * _ENTRY_SIZE + len(self._buckets) * 150


def _digest(id_: str) -> bytes:
    return blake2b(id_.encode(), digest_size=_DIGEST_SIZE).digest()


def _bucket_number(digest: bytes) -> int:
    return int.from_bytes(digest[:2], "little") % _BUCKETS
