"""Raw lines of an import: cut from chunks of bytes, decoded, and read; what cannot be taken becomes a refusal."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

import orjson

from domain.failures import InvalidRecord
from domain.imports.records import MAX_RECORD_BYTES, ImportKind, ImportRecord, parse_record, record_key

_BOM = b"\xef\xbb\xbf"
# The bytes of a byte order mark and of a carriage return are no part of the line.
_MARK_BYTES = len(_BOM) + 1
_LONG_LINE_EXCERPT = 1000
TOO_LONG = f"is longer than {MAX_RECORD_BYTES:,} bytes"


class RawLine(NamedTuple):
    """One line as it came, without its line break; numbers count from 1, blank lines included.

    `header` has the names of the columns where the line is a row of a table.
    """

    number: int
    raw: bytes
    is_whole: bool = True
    header: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A line that was not taken."""

    line: int
    key: str | None
    field: str | None
    reason: str
    raw: bytes
    header: tuple[str, ...] | None = None


class AcceptedRecord(NamedTuple):
    """A line that could be read, beside its raw form for the case that it is refused later."""

    raw: RawLine
    record: ImportRecord


class RecordReader(Protocol):
    """Makes lines of a stream's chunks, and holds at most one line's worth of bytes."""

    def feed(self, chunk: bytes) -> Iterator[AcceptedRecord | RejectedRecord]:
        """The lines that the chunk completes."""

    def end(self) -> Iterator[AcceptedRecord | RejectedRecord]:
        """What was left open at the stream's end."""


class NdjsonReader:
    """Reads a stream of JSON objects, one a line."""

    def __init__(self, kind: ImportKind) -> None:
        self._kind = kind
        self._splitter = LineSplitter()

    def feed(self, chunk: bytes) -> Iterator[AcceptedRecord | RejectedRecord]:
        """The lines that the chunk completes, but for blank ones."""
        return self._read(self._splitter.feed(chunk))

    def end(self) -> Iterator[AcceptedRecord | RejectedRecord]:
        """The last line, where no line break stood behind it."""
        return self._read(self._splitter.end())

    def _read(self, raw_lines: Iterator[RawLine]) -> Iterator[AcceptedRecord | RejectedRecord]:
        for raw in raw_lines:
            read = None if is_blank(raw) else read_raw_line(self._kind, raw)
            if read is not None:
                yield read


def read_raw_line(kind: ImportKind, raw: RawLine) -> AcceptedRecord | RejectedRecord | None:
    """Decodes and reads one line; None for a line that another kind once refused (one file may keep those of all)."""
    delivered: object = None
    try:
        delivered = _decode(raw)
        if isinstance(delivered, dict) and _is_of_another_kind(kind, delivered.get("_refused")):
            return None
        return AcceptedRecord(raw, parse_record(kind, delivered))
    except InvalidRecord as refused:
        return reject_record(raw, record_key(kind, delivered), refused)


def _is_of_another_kind(kind: ImportKind, refused: object) -> bool:
    return isinstance(refused, dict) and refused.get("kind", kind) != kind


def reject_record(raw: RawLine, key: str | None, refused: InvalidRecord) -> RejectedRecord:
    """The refusal of a raw line."""
    return RejectedRecord(raw.number, key, refused.field, refused.reason, raw.raw, raw.header)


def is_blank(raw: RawLine) -> bool:
    """Whether there is nothing in the line."""
    return raw.is_whole and not raw.raw.strip()


def _decode(raw: RawLine) -> object:
    if not raw.is_whole:
        raise InvalidRecord(None, TOO_LONG)
    try:
        return _with_exact_amount(orjson.loads(raw.raw), raw.raw)
    except orjson.JSONDecodeError as wrong:
        try:
            raw.raw.decode("utf-8")
        except UnicodeDecodeError as broken:
            raise InvalidRecord(None, f"is not valid UTF-8 (byte {broken.start + 1})") from None
        raise InvalidRecord(None, f"is not JSON ({str(wrong).partition(': line 1')[0]})") from None


def _with_exact_amount(delivered: object, raw: bytes) -> object:
    """Money is no float: an amount that was delivered as a number is read once more, digit by digit."""
    if not isinstance(delivered, dict) or type(delivered.get("amount")) is not float:
        return delivered
    try:
        return {**delivered, "amount": json.loads(raw, parse_float=Decimal)["amount"]}
    except RecursionError:
        raise InvalidRecord(None, "is nested too deeply") from None


class LineSplitter:
    """Cuts chunks into lines and holds at most one line's worth of bytes; a longer one is dropped as it comes."""

    def __init__(self) -> None:
        self._number = 0
        self._buffer = bytearray()
        self._is_too_long = False

    def feed(self, chunk: bytes) -> Iterator[RawLine]:
        """The lines that the chunk completes."""
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._buffer_piece(piece)
            yield self._take_line()
        self._buffer_piece(rest)

    def end(self) -> Iterator[RawLine]:
        """The last line, where no line break stood behind it."""
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
        self._number += 1
        # Files that were put one behind the other bring their marks along.
        raw = raw.removeprefix(_BOM).removesuffix(b"\r")
        if len(raw) > MAX_RECORD_BYTES:
            raw, is_whole = raw[:_LONG_LINE_EXCERPT], False
        return RawLine(self._number, raw, is_whole)
