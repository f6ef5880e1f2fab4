"""Reads a report in CSV: its header says which columns there are, in whatever order, and each row is a line."""

from collections.abc import Iterator
from operator import itemgetter

from domain.failures import LineRefused, StreamRefused
from domain.imports.records import FIELDS, LineKind, key_of, read_line
from domain.text.sentences import listed
from jobs.imports.csv_records import CsvRecords, Record
from jobs.imports.records import Accepted, Refusal, refusal

# What a report says where it has nothing to say, or it leaves the cell empty.
_NOTHING = "NA"


class CsvReader:
    """Reads the rows of a stream; StreamRefused where its header cannot be taken.

    Reports that were put one behind the other bring their headers along: each counts from there on.
    """

    def __init__(self, kind: LineKind) -> None:
        self._kind = kind
        self._records = CsvRecords()
        self._header: _Header | None = None

    def feed(self, chunk: bytes) -> Iterator[Accepted | Refusal]:
        """The rows that the chunk completes."""
        return self._read_all(self._records.feed(chunk))

    def end(self) -> Iterator[Accepted | Refusal]:
        """The last row, where no line break stood behind it."""
        return self._read_all(self._records.end())

    def _read_all(self, records: Iterator[Record]) -> Iterator[Accepted | Refusal]:
        for record in records:
            if self._header is None:
                self._begin(record)
                continue
            read = self._read(self._header, record)
            if isinstance(read, Refusal) and self._header.is_like(record.cells):
                self._begin(record)
            else:
                yield read

    def _begin(self, record: Record) -> None:
        if record.problem is not None:
            raise StreamRefused(f"The header row {record.problem}.")
        self._header = _Header(self._kind, record.cells)
        self._records.header, self._records.fits = tuple(record.cells), self._header.fits

    def _read(self, header: "_Header", record: Record) -> Accepted | Refusal:
        given: dict[str, str] = {}
        try:
            given = header.given(record)
            return Accepted(record.raw, read_line(self._kind, given))
        except LineRefused as refused:
            return refusal(record.raw, key_of(self._kind, given), refused)


class _Header:
    """Which column of a report holds which field."""

    def __init__(self, kind: LineKind, cells: list[str]) -> None:
        self._wanted = {_plain(field.name): field.name for field in FIELDS[kind]}
        self._required = [field.name for field in FIELDS[kind] if field.required]
        self._width = len(cells)
        self._names = self._known(cells)
        self._check()
        # Two fields at least are required, so that this answers a tuple.
        self._pick = itemgetter(*(place for place, cell in enumerate(cells) if _plain(cell) in self._wanted))

    def _known(self, cells: list[str]) -> list[str]:
        return [self._wanted[_plain(cell)] for cell in cells if _plain(cell) in self._wanted]

    def _check(self) -> None:
        missing = [name for name in self._required if name not in self._names]
        if missing:
            is_or_are = "column is" if len(missing) == 1 else "columns are"
            hint = " Columns are separated by commas." if self._width == 1 else ""
            raise StreamRefused(f"In the header row the {is_or_are} missing: {listed(missing)}.{hint}")
        twice = [name for name in dict.fromkeys(self._names) if self._names.count(name) > 1]
        if twice:
            raise StreamRefused(f"The header row names a column more than once: {listed(twice)}.")

    def given(self, record: Record) -> dict[str, str]:
        """What the record's cells say; LineRefused where they do not stand under the header's columns."""
        if record.problem is not None:
            raise LineRefused(None, record.problem)
        if len(record.cells) != self._width:
            raise LineRefused(None, f"has {len(record.cells)} cells, and the header has {self._width} columns")
        return {
            name: text
            for name, cell in zip(self._names, self._pick(record.cells), strict=True)
            if cell != _NOTHING and (text := cell.strip()) and text != _NOTHING
        }

    def fits(self, cells: list[str]) -> bool:
        """Whether a record of several lines can be meant: no column that is read here holds a line break."""
        return len(cells) == self._width and not any("\n" in cell for cell in self._pick(cells))

    def is_like(self, cells: list[str]) -> bool:
        """Whether these cells are the header of another report."""
        known = self._known(cells)
        return set(known).issuperset(self._required) and len(known) == len(set(known))


def _plain(name: str) -> str:
    """A column's name without what differs between exports: capitals and white space."""
    return " ".join(name.split()).casefold()
