"""Splits a stream of CSV into rows: quoted cells can have commas, line breaks and doubled quotes."""

import csv
from collections.abc import Callable, Iterator
from typing import NamedTuple

from domain.imports.records import MAX_RECORD_BYTES
from jobs.imports.records import TOO_LONG, LineSplitter, RawLine, is_blank

# The limit of the csv module for a cell, 131,072 bytes, is smaller than ours for a row.
csv.field_size_limit(MAX_RECORD_BYTES)


class CsvRow(NamedTuple):
    """A row: its raw line, and its cells or the reason why it has none."""

    raw: RawLine
    cells: list[str]
    problem: str | None = None


def parse_cells(raw: bytes) -> list[str]:
    """Return the cells of one row; csv.Error or UnicodeDecodeError where it is not valid."""
    text = raw.decode()
    return next(csv.reader((text,), strict=True)) if '"' in text else text.split(",")


class CsvRowSplitter:
    """Buffers at most one row. Rows are numbered by the line on which they begin.

    A quote that is opened by mistake would include the lines after it. So where a row of several lines is not
    accepted, only its first line is rejected, and the other lines are split again.
    """

    def __init__(self) -> None:
        # The reader of the header sets both. A row of several lines that does not fit begins with a wrong quote.
        self.header: tuple[str, ...] | None = None
        self.fits: Callable[[list[str]], bool] = bool
        self._splitter = LineSplitter()
        self._open_lines: list[RawLine] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[CsvRow]:
        """Yield the rows that the chunk completes; blank lines are skipped."""
        for line in self._splitter.feed(chunk):
            if self._open_lines or not line.is_whole or b'"' in line.raw:
                yield from self._split_line(line)
            elif not is_blank(line):
                yield self._parse_row(line)

    def end(self) -> Iterator[CsvRow]:
        """Yield the last row, where it has no line break, and the lines of an open quote."""
        for line in self._splitter.end():
            yield from self._split_line(line)
        if self._open_lines:
            yield from self._split_again("opens a quote that is not closed")

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

    def _close_row(self, line: RawLine) -> Iterator[CsvRow]:
        """Yield the row that the line completes."""
        row_line = self._open_lines[0]._replace(raw=b"\n".join(part.raw for part in (*self._open_lines, line)))
        row = self._parse_row(row_line) if len(row_line.raw) <= MAX_RECORD_BYTES else CsvRow(row_line, [], TOO_LONG)
        self._open_lines.append(line)
        if row.problem is None and self.fits(row.cells):
            self._open_lines, self._size = [], 0
            yield row
        else:
            yield from self._split_again(row.problem or "opens a quote that is closed in another row")

    def _split_again(self, problem: str) -> Iterator[CsvRow]:
        """Reject the first buffered line, and split the others again."""
        if self._open_lines:
            first, *others = self._open_lines
            self._open_lines, self._size = [], 0
            yield CsvRow(first._replace(header=self.header), [], problem)
            for line in others:
                yield from self._split_line(line)

    def _parse_row(self, line: RawLine) -> CsvRow:
        raw = RawLine(line.number, line.raw, True, self.header)
        try:
            return CsvRow(raw, parse_cells(line.raw))
        except UnicodeDecodeError as decode_error:
            return CsvRow(raw, [], f"is not valid UTF-8 (byte {decode_error.start + 1})")
        except csv.Error as error:
            return CsvRow(raw, [], f"is not CSV ({error})")
