"""Documents that are kept by their stored bytes."""

from datetime import datetime
from typing import Any

from bson import encode

from store.database.kept_documents import KeptDocuments
from store.database.stored_fields import StoredDocument

NOON = datetime(2026, 11, 29, 12)


def test_equal_bytes_are_one_document() -> None:
    kept = KeptDocuments(StoredDocument)
    rows: list[dict[str, Any]] = [{"_id": "a", "at": NOON}, {"_id": "b", "lines": [{"total": 1}]}]
    stored = [encode(row) for row in rows]
    first = kept.read(stored)
    assert [each.document for each in first] == rows
    assert first[0].document["at"].tzinfo is None
    again = kept.read([encode({**rows[0], "at": NOON.replace(hour=13)}), stored[1], stored[0]])
    assert [each.document["_id"] for each in again] == ["a", "b", "a"]
    assert again[0] is not first[0] and again[1:] == [first[1], first[0]]
    assert [again[1] is first[1], again[2] is first[0]] == [True, True]
    assert [each.kept_row for each in again] == [None, (), ()] and kept.read([]) == []


def test_the_memory_of_kept_documents_is_bounded() -> None:
    kept = KeptDocuments(StoredDocument, max_bytes=20_000)
    for number in range(10):
        (document,) = kept.read([encode({"_id": str(number), "text": "x" * 500})])
        assert document.document["_id"] == str(number)
        assert 0 < kept.bytes <= 20_000
    (large,) = kept.read([encode({"_id": "large", "text": "x" * 5_000})])
    assert kept.bytes == 0
    assert kept.read([encode({"_id": "large", "text": "x" * 5_000})])[0] is not large
