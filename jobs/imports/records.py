"""Raw lines of an import: cut from chunks of bytes, decoded, and read; what cannot be taken becomes a refusal."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

import orjson

from domain.failures import LineRefused
from domain.imports.records import LONGEST_LINE, Line, LineKind, key_of, read_line

_BOM = b"\xef\xbb\xbf"
# The bytes of a byte order mark and of a carriage return are no part of the line.
_MARKS = len(_BOM) + 1
_SHOWN_OF_A_LONG_LINE = 1000
TOO_LONG = f"is longer than {LONGEST_LINE:,} bytes"


class RawLine(NamedTuple):
    """One line as it came, without its line break; numbers count from 1, blank lines included.

    `header` has the names of the columns where the line is a row of a table.
    """

    number: int
    raw: bytes
    is_whole: bool = True
    header: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was not taken."""

    line: int
    key: str | None
    field: str | None
    reason: str
    raw: bytes
    header: tuple[str, ...] | None = None


class Accepted(NamedTuple):
    """A line that could be read, beside its raw form for the case that it is refused later."""

    raw: RawLine
    line: Line


class LineReader(Protocol):
    """Makes lines of a stream's chunks, and holds at most one line's worth of bytes."""

    def feed(self, chunk: bytes) -> Iterator[Accepted | Refusal]:
        """The lines that the chunk completes."""

    def end(self) -> Iterator[Accepted | Refusal]:
        """What was left open at the stream's end."""


class NdjsonReader:
    """Reads a stream of JSON objects, one a line."""

    def __init__(self, kind: LineKind) -> None:
        self._kind = kind
        self._cutter = LineCutter()

    def feed(self, chunk: bytes) -> Iterator[Accepted | Refusal]:
        """The lines that the chunk completes, but for blank ones."""
        return self._read(self._cutter.feed(chunk))

    def end(self) -> Iterator[Accepted | Refusal]:
        """The last line, where no line break stood behind it."""
        return self._read(self._cutter.end())

    def _read(self, raw_lines: Iterator[RawLine]) -> Iterator[Accepted | Refusal]:
        for raw in raw_lines:
            read = None if is_blank(raw) else read_raw(self._kind, raw)
            if read is not None:
                yield read


def read_raw(kind: LineKind, raw: RawLine) -> Accepted | Refusal | None:
    """Decodes and reads one line; None for a line that another kind once refused (one file may keep those of all)."""
    delivered: object = None
    try:
        delivered = _decoded(raw)
        if isinstance(delivered, dict) and _is_of_another_kind(kind, delivered.get("_refused")):
            return None
        return Accepted(raw, read_line(kind, delivered))
    except LineRefused as refused:
        return refusal(raw, key_of(kind, delivered), refused)


def _is_of_another_kind(kind: LineKind, refused: object) -> bool:
    return isinstance(refused, dict) and refused.get("kind", kind) != kind


def refusal(raw: RawLine, key: str | None, refused: LineRefused) -> Refusal:
    """The refusal of a raw line."""
    return Refusal(raw.number, key, refused.field, refused.reason, raw.raw, raw.header)


def is_blank(raw: RawLine) -> bool:
    """Whether there is nothing in the line."""
    return raw.is_whole and not raw.raw.strip()


def _decoded(raw: RawLine) -> object:
    if not raw.is_whole:
        raise LineRefused(None, TOO_LONG)
    try:
        return _exact(orjson.loads(raw.raw), raw.raw)
    except orjson.JSONDecodeError as wrong:
        try:
            raw.raw.decode("utf-8")
        except UnicodeDecodeError as broken:
            raise LineRefused(None, f"is not valid UTF-8 (byte {broken.start + 1})") from None
        raise LineRefused(None, f"is not JSON ({str(wrong).partition(': line 1')[0]})") from None


def _exact(delivered: object, raw: bytes) -> object:
    """Money is no float: an amount that was delivered as a number is read once more, digit by digit."""
    if not isinstance(delivered, dict) or type(delivered.get("amount")) is not float:
        return delivered
    try:
        return {**delivered, "amount": json.loads(raw, parse_float=Decimal)["amount"]}
    except RecursionError:
        raise LineRefused(None, "is nested too deeply") from None


class LineCutter:
    """Cuts chunks into lines and holds at most one line's worth of bytes; a longer one is dropped as it comes."""

    def __init__(self) -> None:
        self._number = 0
        self._held = bytearray()
        self._is_too_long = False

    def feed(self, chunk: bytes) -> Iterator[RawLine]:
        """The lines that the chunk completes."""
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._hold(piece)
            yield self._taken()
        self._hold(rest)

    def end(self) -> Iterator[RawLine]:
        """The last line, where no line break stood behind it."""
        if self._held or self._is_too_long:
            yield self._taken()

    def _hold(self, piece: bytes) -> None:
        if self._is_too_long or len(self._held) + len(piece) > LONGEST_LINE + _MARKS:
            self._held += piece[: max(0, _SHOWN_OF_A_LONG_LINE - len(self._held))]
            del self._held[_SHOWN_OF_A_LONG_LINE:]
            self._is_too_long = True
        else:
            self._held += piece

    def _taken(self) -> RawLine:
        raw, is_whole = bytes(self._held), not self._is_too_long
        self._held.clear()
        self._is_too_long = False
        self._number += 1
        # Files that were put one behind the other bring their marks along.
        raw = raw.removeprefix(_BOM).removesuffix(b"\r")
        if len(raw) > LONGEST_LINE:
            raw, is_whole = raw[:_SHOWN_OF_A_LONG_LINE], False
        return RawLine(self._number, raw, is_whole)
