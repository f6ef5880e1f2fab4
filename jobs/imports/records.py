"""Splits an import stream into lines and parses them: accepted records, and rejected ones with the reason."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple, Protocol

import orjson
from msgspec import Struct

from domain.failures import InvalidRecord
from domain.imports.records import MAX_RECORD_BYTES, ImportKind, ImportRecord, parse_record, record_key

BOM = b"\xef\xbb\xbf"
# A byte order mark and a carriage return do not count towards the length of a line.
_MARK_BYTES = len(BOM) + 1
_LONG_LINE_EXCERPT = 1000
TOO_LONG = f"is longer than {MAX_RECORD_BYTES:,} bytes"


class RawLine(NamedTuple):
    """One delivered line without its line break; numbers count from 1 and include blank lines.

    `header` has the column names where the line is a row of a table.
    """

    number: int
    raw: bytes
    is_whole: bool = True
    header: tuple[str, ...] | None = None


class RejectedRecord(Struct, frozen=True):
    """A record that is not imported, with the reason and its raw line."""

    line: int
    key: str | None
    field: str | None
    reason: str
    raw: bytes
    header: tuple[str, ...] | None = None


class AcceptedRecord(NamedTuple):
    """A parsed record, with its raw line for the case that it is rejected when it is written."""

    raw: RawLine
    record: ImportRecord


class RecordReader(Protocol):
    """Reads records from the chunks of a stream; it buffers at most one record."""

    def feed(self, chunk: bytes) -> Iterator[AcceptedRecord | RejectedRecord]:
        """Yield the records that the chunk completes."""

    def end(self) -> Iterator[AcceptedRecord | RejectedRecord]:
        """Yield the records that the end of the stream completes."""


class RecordSplitter(Protocol):
    """Splits the chunks of a stream into the raw text of records."""

    def feed(self, chunk: bytes) -> Iterator[RawLine]:
        """Yield what the chunk completes."""

    def end(self) -> Iterator[RawLine]:
        """Yield what the end of the stream completes."""


class NdjsonReader:
    """Reads a stream of JSON objects, one per line where no other splitter is given; `convert` prepares each."""

    def __init__(
        self,
        kind: ImportKind,
        splitter: "RecordSplitter | None" = None,
        convert: Callable[[object], object] = lambda delivered: delivered,
    ) -> None:
        self._kind, self._convert = kind, convert
        self._splitter = splitter or LineSplitter()

    def feed(self, chunk: bytes) -> Iterator[AcceptedRecord | RejectedRecord]:
        """Yield the records that the chunk completes; blank lines are skipped."""
        return self._read(self._splitter.feed(chunk))

    def end(self) -> Iterator[AcceptedRecord | RejectedRecord]:
        """Yield the last record, where it has no line break."""
        return self._read(self._splitter.end())

    def _read(self, raw_lines: Iterator[RawLine]) -> Iterator[AcceptedRecord | RejectedRecord]:
        for raw in raw_lines:
            read = None if is_blank(raw) else read_raw_line(self._kind, raw, self._convert)
            if read is not None:
                yield read


def read_raw_line(
    kind: ImportKind, raw: RawLine, convert: Callable[[object], object] = lambda delivered: delivered
) -> AcceptedRecord | RejectedRecord | None:
    """Parse one line; None for a rejected record of another kind (one file can have those of all kinds)."""
    delivered: object = None
    try:
        delivered = _decode(raw)
        if isinstance(delivered, dict) and _has_another_kind(kind, delivered.get("_refused")):
            return None
        delivered = convert(delivered)
        return AcceptedRecord(raw, parse_record(kind, delivered))
    except InvalidRecord as rejected:
        return reject_record(raw, record_key(kind, delivered), rejected)


def _has_another_kind(kind: ImportKind, rejection: object) -> bool:
    return isinstance(rejection, dict) and rejection.get("kind", kind) != kind


def reject_record(raw: RawLine, key: str | None, rejected: InvalidRecord) -> RejectedRecord:
    """Return the rejection of a raw line."""
    return RejectedRecord(raw.number, key, rejected.field, rejected.reason, raw.raw, raw.header)


def is_blank(raw: RawLine) -> bool:
    """True for a line of white space only."""
    return raw.is_whole and not raw.raw.strip()


def _decode(raw: RawLine) -> object:
    if not raw.is_whole:
        raise InvalidRecord(None, TOO_LONG)
    try:
        return _with_exact_amount(orjson.loads(raw.raw), raw.raw)
    except orjson.JSONDecodeError as error:
        try:
            raw.raw.decode("utf-8")
        except UnicodeDecodeError as decode_error:
            raise InvalidRecord(None, f"is not valid UTF-8 (byte {decode_error.start + 1})") from None
        raise InvalidRecord(None, f"is not JSON ({str(error).partition(': line 1')[0]})") from None


def _with_exact_amount(delivered: object, raw: bytes) -> object:
    """Parse an amount that was delivered as a number again, as an exact decimal instead of a float."""
    if not isinstance(delivered, dict) or type(delivered.get("amount")) is not float:
        return delivered
    try:
        return {**delivered, "amount": json.loads(raw, parse_float=Decimal)["amount"]}
    except RecursionError:
        raise InvalidRecord(None, "is nested too deeply") from None


class LineSplitter:
    """Splits chunks into lines; buffers at most one line, and only the first 1,000 bytes of one that is too long."""

    def __init__(self, line_end: bytes = b"\n", *, strips_return: bool = True) -> None:
        self._line_end, self._strips_return = line_end, strips_return
        self._number = 1
        self._buffer = bytearray()
        self._is_too_long = False

    def feed(self, chunk: bytes) -> Iterator[RawLine]:
        """Yield the lines that the chunk completes."""
        *ended, rest = chunk.split(self._line_end)
        for piece in ended:
            if self._buffer or self._is_too_long or len(piece) > MAX_RECORD_BYTES:
                self._buffer_piece(piece)
                yield self._take_line()
            else:
                yield self._build_line(piece, is_whole=True)
        self._buffer_piece(rest)

    def end(self) -> Iterator[RawLine]:
        """Yield the last line, where it has no line break."""
        if self._buffer or self._is_too_long:
            yield self._take_line()

    def _buffer_piece(self, piece: bytes) -> None:
        if self._is_too_long or len(self._buffer) + len(piece) > MAX_RECORD_BYTES + _MARK_BYTES:
            self._buffer += piece[: max(0, _LONG_LINE_EXCERPT - len(self._buffer))]
            del self._buffer[_LONG_LINE_EXCERPT:]
            self._is_too_long = True
        else:
            self._buffer += piece

    def _take_line(self) -> RawLine:
        raw, is_whole = bytes(self._buffer), not self._is_too_long
        self._buffer.clear()
        self._is_too_long = False
        return self._build_line(raw, is_whole=is_whole)

    def _build_line(self, raw: bytes, *, is_whole: bool) -> RawLine:
        # Concatenated files have a byte order mark in the middle of the stream.
        raw = raw.removeprefix(BOM)
        bare = raw.removesuffix(b"\r")
        if len(bare) > MAX_RECORD_BYTES:
            raw, is_whole = raw[:_LONG_LINE_EXCERPT], False
        number = self._number
        # Editors count the line feeds in the cells of a file whose lines end with carriage returns.
        self._number += 1 + (raw.count(b"\n", 1) if self._line_end == b"\r" else 0)
        return RawLine(number, bare if self._strips_return and is_whole else raw, is_whole)
