"""Reads CSV reports: the header names the columns, in any order, and each row is a record."""

import csv
import re
from collections.abc import Iterator, Sequence
from operator import itemgetter

from domain.failures import InvalidRecord, InvalidStream
from domain.imports.records import RECORD_FIELDS, ImportKind, parse_record, record_key
from domain.text.sentences import join_names
from jobs.imports.csv_rows import CsvRow, CsvRowSplitter
from jobs.imports.records import AcceptedRecord, RawLine, RejectedRecord, reject_record

# A report has this text or an empty cell where it has no value.
NOT_AVAILABLE = "NA"
_CLOSED_CELL = re.compile(rb'(?:(?<=,)|^)"[^"]*+(?:""[^"]*+)*+"(?=,|\r?$)')


class CsvReader:
    """Reads the rows of a stream; InvalidStream where its header is not accepted.

    Concatenated reports have several headers: each applies to the rows after it.
    """

    def __init__(self, kind: ImportKind) -> None:
        self._kind = kind
        self._splitter = CsvRowSplitter()
        self._header: _Header | None = None

    def feed(self, chunk: bytes) -> Iterator[AcceptedRecord | RejectedRecord]:
        """Yield the records of the rows that the chunk completes."""
        return self._read_all(self._splitter.feed(chunk))

    def end(self) -> Iterator[AcceptedRecord | RejectedRecord]:
        """Yield the record of the last row, where it has no line break."""
        return self._read_all(self._splitter.end())

    def _read_all(self, rows: Iterator[CsvRow]) -> Iterator[AcceptedRecord | RejectedRecord]:
        for row in rows:
            if self._header is None:
                self._begin_report(row)
                continue
            read = self._read_row(self._header, row)
            if isinstance(read, RejectedRecord) and self._header.is_another_header(row.cells):
                self._begin_report(row)
            else:
                yield read

    def _begin_report(self, row: CsvRow) -> None:
        if row.problem is not None:
            raise InvalidStream(f"The header row {row.problem}.")
        self._header = _Header(self._kind, row.cells)
        self._splitter.header, self._splitter.fits = tuple(row.cells), self._header.fits

    def _read_row(self, header: "_Header", row: CsvRow) -> AcceptedRecord | RejectedRecord:
        values: dict[str, str] = {}
        try:
            values = header.map_cells(row)
            return AcceptedRecord(row.raw, parse_record(self._kind, values))
        except InvalidRecord as rejected:
            return reject_record(row.raw, record_key(self._kind, values), rejected)


class _Header:
    """The columns of a report, and the fields that they have."""

    def __init__(self, kind: ImportKind, cells: list[str]) -> None:
        self._kind = kind
        self._wanted = {normalize_column(field.name): field.name for field in RECORD_FIELDS[kind]}
        self._required = [field.name for field in RECORD_FIELDS[kind] if field.required]
        self._width = len(cells)
        self._names = self._find_known_columns(cells)
        self._check_columns()
        # At least two fields are required, so itemgetter returns a tuple.
        self._select_cells = itemgetter(
            *(position for position, cell in enumerate(cells) if normalize_column(cell) in self._wanted)
        )

    def _find_known_columns(self, cells: list[str]) -> list[str]:
        return [self._wanted[normalize_column(cell)] for cell in cells if normalize_column(cell) in self._wanted]

    def _check_columns(self) -> None:
        missing = [name for name in self._required if name not in self._names]
        if missing:
            is_or_are = "column is" if len(missing) == 1 else "columns are"
            hint = " Columns are separated by commas." if self._width == 1 else ""
            raise InvalidStream(f"In the header row the {is_or_are} missing: {join_names(missing)}.{hint}")
        repeated = [name for name in dict.fromkeys(self._names) if self._names.count(name) > 1]
        if repeated:
            raise InvalidStream(f"The header row names a column more than once: {join_names(repeated)}.")

    def map_cells(self, row: CsvRow) -> dict[str, str]:
        """Return the values of the row by field; InvalidRecord where it has not as many cells as the header."""
        if row.problem is not None:
            raise InvalidRecord(None, row.problem)
        if len(row.cells) != self._width:
            raise InvalidRecord(None, f"has {len(row.cells)} cells, and the header has {self._width} columns")
        return {
            name: text
            for name, cell in zip(self._names, self._select_cells(row.cells), strict=True)
            if cell != NOT_AVAILABLE and (text := cell.strip()) and text != NOT_AVAILABLE
        }

    def fits(self, cells: list[str], lines: Sequence[bytes]) -> bool:
        """True where a row of several lines is plausible: no line after the first is a row by itself.

        Where the first cell of a row has several lines, the line that closes it can have as many cells as a row. So a
        line with a quote counts only if the first line has as many cells, too: its quote was then opened by mistake.
        """
        if len(cells) != self._width:
            return False
        is_mistake = self._has_width(lines[0])
        return not any(self._is_row(line) for line in lines[1:] if is_mistake or b'"' not in line)

    def _has_width(self, line: bytes) -> bool:
        """True where the line has as many cells as the header, if a quote that is not closed in it is a mistake."""
        return _CLOSED_CELL.sub(b"", line).count(b",") + 1 == self._width

    def _is_row(self, line: bytes) -> bool:
        try:
            cells = next(csv.reader((line.decode().rstrip("\r"),)), [])
            values = self.map_cells(CsvRow(RawLine(0, line), [cell.strip('"') for cell in cells]))
            parse_record(self._kind, values)
        except (UnicodeDecodeError, csv.Error, InvalidRecord):
            return False
        return True

    def is_another_header(self, cells: list[str]) -> bool:
        """True where the cells are the header of another report."""
        known = self._find_known_columns(cells)
        return set(known).issuperset(self._required) and len(known) == len(set(known))


def normalize_column(name: str) -> str:
    """Return a column name without the differences between exports: case and white space."""
    return " ".join(name.split()).casefold()
