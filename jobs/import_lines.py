"""Raw lines of an import: cut from chunks of bytes, decoded, and read; what cannot be taken becomes a refusal."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from domain.failures import LineRefused
from domain.lines import LONGEST_LINE, Line, LineKind, key_of, read_line

_BOM = b"\xef\xbb\xbf"
# The bytes of a byte order mark and of a carriage return are no part of the line.
_MARKS = len(_BOM) + 1
_SHOWN_OF_A_LONG_LINE = 1000


class RawLine(NamedTuple):
    """One line as it came, without its line break; numbers count from 1, blank lines included."""

    number: int
    raw: bytes
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was not taken."""

    line: int
    key: str | None
    field: str | None
    reason: str
    raw: bytes

    def mendable(self, kind: LineKind) -> bytes:
        """One NDJSON line to put right and import again; `_refused` says why, and is no field when it comes back."""
        told: dict[str, Any] = {"kind": kind.value, "line": self.line, "field": self.field, "reason": self.reason}
        try:
            delivered = orjson.loads(self.raw)
        except orjson.JSONDecodeError:
            delivered = None
        if not isinstance(delivered, dict):
            delivered, told["raw"] = {}, self.raw.decode("utf-8", "backslashreplace")
        earlier = delivered.pop("_refused", None)
        if not delivered and isinstance(earlier, dict) and "raw" in earlier:
            told["raw"] = earlier["raw"]
        return orjson.dumps({**delivered, "_refused": told}) + b"\n"


class Accepted(NamedTuple):
    """A line that could be read, beside its raw form for the case that it is refused later."""

    raw: RawLine
    line: Line


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
    return Refusal(raw.number, key, refused.field, refused.reason, raw.raw)


def _decoded(raw: RawLine) -> object:
    if not raw.is_whole:
        raise LineRefused(None, f"is longer than {LONGEST_LINE:,} bytes")
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
            yield from self._take()
        self._hold(rest)

    def end(self) -> Iterator[RawLine]:
        """The last line, where no line break stood behind it."""
        if self._held or self._is_too_long:
            yield from self._take()

    def _hold(self, piece: bytes) -> None:
        if self._is_too_long or len(self._held) + len(piece) > LONGEST_LINE + _MARKS:
            self._held += piece[: max(0, _SHOWN_OF_A_LONG_LINE - len(self._held))]
            del self._held[_SHOWN_OF_A_LONG_LINE:]
            self._is_too_long = True
        else:
            self._held += piece

    def _take(self) -> Iterator[RawLine]:
        raw, is_whole = bytes(self._held), not self._is_too_long
        self._held.clear()
        self._is_too_long = False
        self._number += 1
        # Files that were put one behind the other bring their marks along.
        raw = raw.removeprefix(_BOM).removesuffix(b"\r")
        if len(raw) > LONGEST_LINE:
            raw, is_whole = raw[:_SHOWN_OF_A_LONG_LINE], False
        if not is_whole or raw.strip():
            yield RawLine(self._number, raw, is_whole)


async def cut_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[list[RawLine]]:
    """The lines of a stream, a list for each chunk."""
    cutter = LineCutter()
    async for chunk in chunks:
        if lines := list(cutter.feed(chunk)):
            yield lines
    if lines := list(cutter.end()):
        yield lines
