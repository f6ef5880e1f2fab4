"""Reads calls in each of their forms: a CSV report, the body of the call history API, or one JSON object per line."""

import re
from collections.abc import Iterator

from domain.failures import InvalidRecord
from domain.imports.records import RECORD_FIELDS, ImportKind
from jobs.imports.csv_files import NOT_AVAILABLE, CsvReader, normalize_column
from jobs.imports.csv_rows import MAX_CELLS
from jobs.imports.json_items import ItemsSplitter
from jobs.imports.records import BOM, AcceptedRecord, LineSplitter, NdjsonReader, RecordReader, RejectedRecord

_FIRST_KEY = re.compile(rb'\{\s*"([^"]*)"\s*:')
# Enough for the first key of an object; a longer one is not `items`.
_HEAD_BYTES = 1000
_COLUMNS = {normalize_column(field.name): field.name for field in RECORD_FIELDS[ImportKind.CALLS]}


class CallReader:
    """Chooses the reader by the first byte that is no white space: `{` begins JSON, anything else a report."""

    def __init__(self, kind: ImportKind) -> None:
        self._kind = kind
        self._head = b""
        self._reader: RecordReader | None = None

    def feed(self, chunk: bytes) -> Iterator[AcceptedRecord | RejectedRecord]:
        """Yield the records that the chunk completes; InvalidStream as CsvReader."""
        if self._reader is not None:
            return self._reader.feed(chunk)
        self._head += chunk
        self._reader = self._choose_reader(is_end=False)
        return iter(()) if self._reader is None else self._reader.feed(self._head)

    def end(self) -> Iterator[AcceptedRecord | RejectedRecord]:
        """Yield the records that the end of the stream completes."""
        if self._reader is None:
            reader = self._choose_reader(is_end=True) or CsvReader(self._kind)
            yield from reader.feed(self._head)
            yield from reader.end()
        else:
            yield from self._reader.end()

    def _choose_reader(self, *, is_end: bool) -> RecordReader | None:
        start = self._head.removeprefix(BOM).lstrip()
        # A mark of three bytes can be cut by the chunk. The limit is for a stream of white space.
        if (not start or start == BOM[: len(start)]) and not is_end and len(self._head) < _HEAD_BYTES:
            return None
        if not start.startswith(b"{"):
            return CsvReader(self._kind)
        key = _FIRST_KEY.match(start)
        if key is None and not is_end and len(start) < _HEAD_BYTES:
            return None
        splitter = ItemsSplitter() if key is not None and key[1] == b"items" else LineSplitter()
        return NdjsonReader(self._kind, splitter, _read_columns)


def _read_columns(delivered: object) -> object:
    """Return the values as the cells of a report; columns have any case, and empty or NA values are absent."""
    if not isinstance(delivered, dict):
        return delivered
    if len(delivered) > MAX_CELLS:
        raise InvalidRecord(None, f"has {len(delivered)} fields; at most {MAX_CELLS:,} fit")
    values = {_COLUMNS.get(normalize_column(name), name): _read_cell(value) for name, value in delivered.items()}
    return {name: value for name, value in values.items() if value is not None}


def _read_cell(value: object) -> object:
    if type(value) is int or type(value) is float:
        return str(value)
    if isinstance(value, str):
        text = value.strip()
        return None if text in ("", NOT_AVAILABLE) else text
    return value
