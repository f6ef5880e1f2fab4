"""Splits a stream of CSV into rows: quoted cells can have commas, line breaks and doubled quotes.

The break behind the header decides what ends a row: LF and CRLF, or CR. Any other break is a part of its cell.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from domain.imports.records import MAX_RECORD_BYTES
from jobs.imports.records import TOO_LONG, LineSplitter, RawLine, is_blank

# The limit of the csv module for a cell, 131,072 bytes, is smaller than ours for a row.
csv.field_size_limit(MAX_RECORD_BYTES)
# A report of Control Hub has about fifty columns.
MAX_CELLS = 1_000
# Lines are buffered while a quote is open, and split again at once where it is not closed.
_MAX_ROW_LINES = 1_000
_LINE_BREAK = re.compile(r"[\r\n]")
_QUOTE_OR_BREAK = re.compile(rb'["\r\n]')
_CELL = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"(?=,|\Z)|((?!")[^,]*+)')


class CsvRow(NamedTuple):
    """A row: its raw line, and its cells or the reason why it has none."""

    raw: RawLine
    cells: list[str]
    problem: str | None = None


def parse_cells(raw: bytes) -> list[str]:
    """Return the cells of one row; csv.Error or UnicodeDecodeError where it is not valid."""
    text = raw.decode()
    if '"' not in text:
        return text.split(",")
    return _parse_with_breaks(text) if _LINE_BREAK.search(text) else next(csv.reader((text,), strict=True))


def _parse_with_breaks(text: str) -> list[str]:
    """Return the cells of a row with line breaks; the csv module rejects those that are not quoted."""
    cells: list[str] = []
    position = 0
    while (cell := _CELL.match(text, position)) is not None:
        cells.append(cell[2] if cell[1] is None else cell[1].replace('""', '"'))
        if cell.end() == len(text):
            return cells
        position = cell.end() + 1
    raise csv.Error("',' expected after '\"'" if text.count('"') % 2 == 0 else "unexpected end of data")


class _LineEndFinder:
    """Finds the line break behind the first row that has text: LF, CRLF or CR. Breaks in quotes do not count.

    `head` has what was fed until then: the header at most, and one chunk.
    """

    def __init__(self) -> None:
        self.head = bytearray()
        self._position = 0
        self._is_quoted = False
        self._first_quoted: bytes | None = None

    def feed(self, chunk: bytes) -> bytes | None:
        """Return the line break; None where more has to be fed."""
        self.head += chunk
        for mark in _QUOTE_OR_BREAK.finditer(bytes(self.head), self._position):
            if mark.group() == b'"':
                self._is_quoted = not self._is_quoted
            elif mark.group() == b"\r" and mark.end() == len(self.head):
                self._position = mark.start()
                return None
            elif not self._is_quoted:
                return self._break_at(mark.start())
            elif self._first_quoted is None:
                self._first_quoted = self._break_at(mark.start())
        self._position = len(self.head)
        return self.end() if len(self.head) > MAX_RECORD_BYTES else None

    def end(self) -> bytes:
        """Return the best guess for a header without a line break, or with a quote that is not closed."""
        return self._first_quoted or (b"\r" if self.head.endswith(b"\r") else b"\n")

    def _break_at(self, position: int) -> bytes:
        found = bytes(self.head[position : position + 2])
        return found if found == b"\r\n" else found[:1]


def _accept_row(_cells: list[str], _lines: Sequence[bytes]) -> bool:
    return True


class CsvRowSplitter:
    """Buffers at most one row. Rows are numbered by the line on which they begin.

    A quote that is opened by mistake would include the lines after it. So where a row of several lines is not
    accepted, only its first line is rejected, and the other lines are split again.
    """

    def __init__(self) -> None:
        # The reader of the header sets both. A row of several lines that does not fit begins with a wrong quote.
        self.header: tuple[str, ...] | None = None
        # Its arguments are the cells of a row and the lines of the row.
        self.fits: Callable[[list[str], Sequence[bytes]], bool] = _accept_row
        self._line_ends = _LineEndFinder()
        self._splitter: LineSplitter | None = None
        self._line_end = b"\n"
        self._strips_return = True
        self._open_lines: list[RawLine] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[CsvRow]:
        """Yield the rows that the chunk completes; blank lines are skipped."""
        for line in self._read_lines(chunk):
            if self._open_lines or not line.is_whole or b'"' in line.raw:
                yield from self._split_line(line)
            elif not is_blank(line):
                yield self._parse_row(line)

    def end(self) -> Iterator[CsvRow]:
        """Yield the last row, where it has no line break, and the lines of an open quote."""
        for line in self._end_lines():
            yield from self._split_line(line)
        if self._open_lines:
            yield from self._split_again("opens a quote that is not closed")

    def _read_lines(self, chunk: bytes) -> Iterator[RawLine]:
        if self._splitter is not None:
            return self._splitter.feed(chunk)
        found = self._line_ends.feed(chunk)
        return iter(()) if found is None else self._begin_lines(found).feed(bytes(self._line_ends.head))

    def _end_lines(self) -> Iterator[RawLine]:
        if self._splitter is None:
            yield from self._begin_lines(self._line_ends.end()).feed(bytes(self._line_ends.head))
        if self._splitter is not None:
            yield from self._splitter.end()

    def _begin_lines(self, found: bytes) -> LineSplitter:
        self._line_end = found[-1:]
        self._splitter = LineSplitter(self._line_end, strips_return=False)
        self._strips_return = found == b"\r\n"
        return self._splitter

    def _split_line(self, line: RawLine) -> Iterator[CsvRow]:
        if line.is_whole and line.raw.count(b'"') % 2 == bool(self._open_lines):
            if not self._open_lines:
                if not is_blank(line):
                    yield self._parse_row(line)
                return
            yield from self._close_row(line)
        elif not line.is_whole:
            yield from self._split_again("opens a quote that is not closed")
            yield CsvRow(line._replace(header=self.header), [], TOO_LONG)
        else:
            yield from self._buffer_line(line)

    def _buffer_line(self, line: RawLine) -> Iterator[CsvRow]:
        self._open_lines.append(line)
        self._size += len(line.raw) + 1
        if self._size > MAX_RECORD_BYTES:
            yield from self._split_again(f"opens a quote that is not closed within {MAX_RECORD_BYTES:,} bytes")
        elif len(self._open_lines) > _MAX_ROW_LINES:
            yield from self._split_again(f"opens a quote that is not closed within {_MAX_ROW_LINES:,} lines")

    def _close_row(self, line: RawLine) -> Iterator[CsvRow]:
        """Yield the row that the line completes."""
        self._open_lines.append(line)
        row_line = self._open_lines[0]._replace(raw=self._line_end.join(part.raw for part in self._open_lines))
        row = self._parse_row(row_line) if len(row_line.raw) <= MAX_RECORD_BYTES else CsvRow(row_line, [], TOO_LONG)
        if row.problem is None and self.fits(row.cells, [part.raw for part in self._open_lines]):
            self._open_lines, self._size = [], 0
            yield row
        else:
            yield from self._split_again(row.problem or "opens a quote that is closed in another row")

    def _split_again(self, problem: str) -> Iterator[CsvRow]:
        """Reject the first buffered line, and split the others again."""
        if self._open_lines:
            first, *others = self._open_lines
            self._open_lines, self._size = [], 0
            bare = first.raw.removesuffix(b"\r") if self._strips_return else first.raw
            yield CsvRow(first._replace(raw=bare, header=self.header), [], problem)
            for line in others:
                yield from self._split_line(line)

    def _parse_row(self, line: RawLine) -> CsvRow:
        bare = line.raw.removesuffix(b"\r") if self._strips_return else line.raw
        raw = RawLine(line.number, bare, True, self.header)
        if bare.count(b",") >= MAX_CELLS:
            return CsvRow(raw, [], f"has more than {MAX_CELLS:,} cells")
        try:
            return CsvRow(raw, parse_cells(bare))
        except UnicodeDecodeError as decode_error:
            return CsvRow(raw, [], f"is not valid UTF-8 (byte {decode_error.start + 1})")
        except csv.Error as error:
            return CsvRow(raw, [], f"is not CSV ({error})")
