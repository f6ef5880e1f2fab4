"""Cuts a stream of CSV into records: quoted cells may hold commas, line breaks and doubled quotes."""

import csv
from collections.abc import Callable, Iterator
from typing import NamedTuple

from domain.imports.records import MAX_RECORD_BYTES
from jobs.imports.records import TOO_LONG, LineSplitter, RawLine, is_blank

# The reader's own bound on a cell is smaller than ours on a record.
csv.field_size_limit(MAX_RECORD_BYTES)


class CsvRecord(NamedTuple):
    """A record: its bytes, and its cells or why there are none."""

    raw: RawLine
    cells: list[str]
    problem: str | None = None


def parse_cells(raw: bytes) -> list[str]:
    """The cells of one record; csv.Error or UnicodeDecodeError where it is none."""
    text = raw.decode()
    return next(csv.reader((text,), strict=True)) if '"' in text else text.split(",")


class CsvRecordSplitter:
    """Holds at most one record's worth of bytes. Records are counted by the line on which they begin.

    A quote that is opened by mistake swallows the lines behind it. So a record of several lines that turns out to be
    none costs only its first line: the others are cut anew.
    """

    def __init__(self) -> None:
        # Both are set by whoever has read the header: a record of several lines that does not fit comes of a mistake.
        self.header: tuple[str, ...] | None = None
        self.fits: Callable[[list[str]], bool] = bool
        self._splitter = LineSplitter()
        self._open_lines: list[RawLine] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[CsvRecord]:
        """The records that the chunk completes, but for blank lines."""
        for line in self._splitter.feed(chunk):
            if self._open_lines or not line.is_whole or b'"' in line.raw:
                yield from self._split_line(line)
            elif not is_blank(line):
                yield self._parse_record(line)

    def end(self) -> Iterator[CsvRecord]:
        """The last record, where no line break stood behind it, and what was left open."""
        for line in self._splitter.end():
            yield from self._split_line(line)
        if self._open_lines:
            yield from self._split_again("opens a quote that is not closed")

    def _split_line(self, line: RawLine) -> Iterator[CsvRecord]:
        if line.is_whole and line.raw.count(b'"') % 2 == bool(self._open_lines):
            if not self._open_lines:
                if not is_blank(line):
                    yield self._parse_record(line)
                return
            yield from self._close_record(line)
        elif not line.is_whole:
            yield from self._split_again("opens a quote that is not closed")
            yield CsvRecord(line._replace(header=self.header), [], TOO_LONG)
        else:
            yield from self._buffer_line(line)

    def _buffer_line(self, line: RawLine) -> Iterator[CsvRecord]:
        self._open_lines.append(line)
        self._size += len(line.raw) + 1
        if self._size > MAX_RECORD_BYTES:
            yield from self._split_again(f"opens a quote that is not closed within {MAX_RECORD_BYTES:,} bytes")

    def _close_record(self, line: RawLine) -> Iterator[CsvRecord]:
        """The record whose last line this is."""
        whole = self._open_lines[0]._replace(raw=b"\n".join(part.raw for part in (*self._open_lines, line)))
        record = self._parse_record(whole) if len(whole.raw) <= MAX_RECORD_BYTES else CsvRecord(whole, [], TOO_LONG)
        self._open_lines.append(line)
        if record.problem is None and self.fits(record.cells):
            self._open_lines, self._size = [], 0
            yield record
        else:
            yield from self._split_again(record.problem or "opens a quote that is closed in another row")

    def _split_again(self, problem: str) -> Iterator[CsvRecord]:
        """Gives the first open line up, and cuts the others once more."""
        if self._open_lines:
            first, *others = self._open_lines
            self._open_lines, self._size = [], 0
            yield CsvRecord(first._replace(header=self.header), [], problem)
            for line in others:
                yield from self._split_line(line)

    def _parse_record(self, line: RawLine) -> CsvRecord:
        raw = RawLine(line.number, line.raw, True, self.header)
        try:
            return CsvRecord(raw, parse_cells(line.raw))
        except UnicodeDecodeError as broken:
            return CsvRecord(raw, [], f"is not valid UTF-8 (byte {broken.start + 1})")
        except csv.Error as wrong:
            return CsvRecord(raw, [], f"is not CSV ({wrong})")
