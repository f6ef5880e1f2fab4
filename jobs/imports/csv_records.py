"""Cuts a stream of CSV into records: quoted cells may hold commas, line breaks and doubled quotes."""

import csv
from collections.abc import Callable, Iterator
from typing import NamedTuple

from domain.imports.records import LONGEST_LINE
from jobs.imports.records import TOO_LONG, LineCutter, RawLine, is_blank

# The reader's own bound on a cell is smaller than ours on a record.
csv.field_size_limit(LONGEST_LINE)


class Record(NamedTuple):
    """A record: its bytes, and its cells or why there are none."""

    raw: RawLine
    cells: list[str]
    problem: str | None = None


def cells_of(raw: bytes) -> list[str]:
    """The cells of one record; csv.Error or UnicodeDecodeError where it is none."""
    text = raw.decode()
    return next(csv.reader((text,), strict=True)) if '"' in text else text.split(",")


class CsvRecords:
    """Holds at most one record's worth of bytes. Records are counted by the line on which they begin.

    A quote that is opened by mistake swallows the lines behind it. So a record of several lines that turns out to be
    none costs only its first line: the others are cut anew.
    """

    def __init__(self) -> None:
        # Both are set by whoever has read the header: a record of several lines that does not fit comes of a mistake.
        self.header: tuple[str, ...] | None = None
        self.fits: Callable[[list[str]], bool] = bool
        self._cutter = LineCutter()
        self._open: list[RawLine] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that the chunk completes, but for blank lines."""
        for line in self._cutter.feed(chunk):
            if self._open or not line.is_whole or b'"' in line.raw:
                yield from self._cut(line)
            elif not is_blank(line):
                yield self._record(line)

    def end(self) -> Iterator[Record]:
        """The last record, where no line break stood behind it, and what was left open."""
        for line in self._cutter.end():
            yield from self._cut(line)
        if self._open:
            yield from self._cut_anew("opens a quote that is not closed")

    def _cut(self, line: RawLine) -> Iterator[Record]:
        if line.is_whole and line.raw.count(b'"') % 2 == bool(self._open):
            if not self._open:
                if not is_blank(line):
                    yield self._record(line)
                return
            yield from self._closed(line)
        elif not line.is_whole:
            yield from self._cut_anew("opens a quote that is not closed")
            yield Record(line._replace(header=self.header), [], TOO_LONG)
        else:
            yield from self._hold(line)

    def _hold(self, line: RawLine) -> Iterator[Record]:
        self._open.append(line)
        self._size += len(line.raw) + 1
        if self._size > LONGEST_LINE:
            yield from self._cut_anew(f"opens a quote that is not closed within {LONGEST_LINE:,} bytes")

    def _closed(self, line: RawLine) -> Iterator[Record]:
        """The record whose last line this is."""
        whole = self._open[0]._replace(raw=b"\n".join(part.raw for part in (*self._open, line)))
        record = self._record(whole) if len(whole.raw) <= LONGEST_LINE else Record(whole, [], TOO_LONG)
        self._open.append(line)
        if record.problem is None and self.fits(record.cells):
            self._open, self._size = [], 0
            yield record
        else:
            yield from self._cut_anew(record.problem or "opens a quote that is closed in another row")

    def _cut_anew(self, problem: str) -> Iterator[Record]:
        """Gives the first open line up, and cuts the others once more."""
        if self._open:
            first, *others = self._open
            self._open, self._size = [], 0
            yield Record(first._replace(header=self.header), [], problem)
            for line in others:
                yield from self._cut(line)

    def _record(self, line: RawLine) -> Record:
        raw = RawLine(line.number, line.raw, True, self.header)
        try:
            return Record(raw, cells_of(line.raw))
        except UnicodeDecodeError as broken:
            return Record(raw, [], f"is not valid UTF-8 (byte {broken.start + 1})")
        except csv.Error as wrong:
            return Record(raw, [], f"is not CSV ({wrong})")
