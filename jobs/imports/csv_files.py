"""Reads a report in CSV: its header says which columns there are, in whatever order, and each row is a line."""

from collections.abc import Iterator
from operator import itemgetter

from domain.failures import InvalidRecord, InvalidStream
from domain.imports.records import RECORD_FIELDS, ImportKind, parse_record, record_key
from domain.text.sentences import join_names
from jobs.imports.csv_records import CsvRecord, CsvRecordSplitter
from jobs.imports.records import AcceptedRecord, RejectedRecord, reject_record

# What a report says where it has nothing to say, or it leaves the cell empty.
_NOT_AVAILABLE = "NA"


class CsvReader:
    """Reads the rows of a stream; InvalidStream where its header cannot be taken.

    Reports that were put one behind the other bring their headers along: each counts from there on.
    """

    def __init__(self, kind: ImportKind) -> None:
        self._kind = kind
        self._splitter = CsvRecordSplitter()
        self._header: _Header | None = None

    def feed(self, chunk: bytes) -> Iterator[AcceptedRecord | RejectedRecord]:
        """The rows that the chunk completes."""
        return self._read_all(self._splitter.feed(chunk))

    def end(self) -> Iterator[AcceptedRecord | RejectedRecord]:
        """The last row, where no line break stood behind it."""
        return self._read_all(self._splitter.end())

    def _read_all(self, records: Iterator[CsvRecord]) -> Iterator[AcceptedRecord | RejectedRecord]:
        for record in records:
            if self._header is None:
                self._begin_report(record)
                continue
            read = self._read_row(self._header, record)
            if isinstance(read, RejectedRecord) and self._header.is_another_header(record.cells):
                self._begin_report(record)
            else:
                yield read

    def _begin_report(self, record: CsvRecord) -> None:
        if record.problem is not None:
            raise InvalidStream(f"The header row {record.problem}.")
        self._header = _Header(self._kind, record.cells)
        self._splitter.header, self._splitter.fits = tuple(record.cells), self._header.fits

    def _read_row(self, header: "_Header", record: CsvRecord) -> AcceptedRecord | RejectedRecord:
        given: dict[str, str] = {}
        try:
            given = header.map_cells(record)
            return AcceptedRecord(record.raw, parse_record(self._kind, given))
        except InvalidRecord as refused:
            return reject_record(record.raw, record_key(self._kind, given), refused)


class _Header:
    """Which column of a report holds which field."""

    def __init__(self, kind: ImportKind, cells: list[str]) -> None:
        self._wanted = {_normalize(field.name): field.name for field in RECORD_FIELDS[kind]}
        self._required = [field.name for field in RECORD_FIELDS[kind] if field.required]
        self._width = len(cells)
        self._names = self._find_known_columns(cells)
        self._check_columns()
        # Two fields at least are required, so that this answers a tuple.
        self._select_cells = itemgetter(
            *(place for place, cell in enumerate(cells) if _normalize(cell) in self._wanted)
        )

    def _find_known_columns(self, cells: list[str]) -> list[str]:
        return [self._wanted[_normalize(cell)] for cell in cells if _normalize(cell) in self._wanted]

    def _check_columns(self) -> None:
        missing = [name for name in self._required if name not in self._names]
        if missing:
            is_or_are = "column is" if len(missing) == 1 else "columns are"
            hint = " Columns are separated by commas." if self._width == 1 else ""
            raise InvalidStream(f"In the header row the {is_or_are} missing: {join_names(missing)}.{hint}")
        twice = [name for name in dict.fromkeys(self._names) if self._names.count(name) > 1]
        if twice:
            raise InvalidStream(f"The header row names a column more than once: {join_names(twice)}.")

    def map_cells(self, record: CsvRecord) -> dict[str, str]:
        """What the record's cells say; InvalidRecord where they do not stand under the header's columns."""
        if record.problem is not None:
            raise InvalidRecord(None, record.problem)
        if len(record.cells) != self._width:
            raise InvalidRecord(None, f"has {len(record.cells)} cells, and the header has {self._width} columns")
        return {
            name: text
            for name, cell in zip(self._names, self._select_cells(record.cells), strict=True)
            if cell != _NOT_AVAILABLE and (text := cell.strip()) and text != _NOT_AVAILABLE
        }

    def fits(self, cells: list[str]) -> bool:
        """Whether a record of several lines can be meant: no column that is read here holds a line break."""
        return len(cells) == self._width and not any("\n" in cell for cell in self._select_cells(cells))

    def is_another_header(self, cells: list[str]) -> bool:
        """Whether these cells are the header of another report."""
        known = self._find_known_columns(cells)
        return set(known).issuperset(self._required) and len(known) == len(set(known))


def _normalize(name: str) -> str:
    """A column's name without what differs between exports: capitals and white space."""
    return " ".join(name.split()).casefold()
