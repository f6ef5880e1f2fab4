"""The bytes of exported files: CSV (RFC 4180), NDJSON and XLSX, written row by row with flat memory."""

import csv
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any, NamedTuple, Protocol

import orjson

from domain.integrations.exports import ExportFormat, guard_csv_text, guard_text
from jobs.integrations.spreadsheets import Cell, SpreadsheetWriter

# What stands between the values of a list in one cell.
SEPARATOR = "; "
# Excel reads a file with this mark as UTF-8.
_BYTE_ORDER_MARK = "\ufeff"
# The values of a row: JSON, as the API returns it.
Row = Sequence[Any]


class FileType(NamedTuple):
    """How a file of a format is named and described."""

    extension: str
    media_type: str


FILE_TYPES: Mapping[ExportFormat, FileType] = {
    ExportFormat.CSV: FileType("csv", "text/csv; charset=utf-8; header=present"),
    ExportFormat.XLSX: FileType("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ExportFormat.NDJSON: FileType("ndjson", "application/x-ndjson"),
}


class FileWriter(Protocol):
    """Returns the bytes of a file, part by part."""

    def begin(self) -> bytes:
        """Return what stands before the first row."""

    def write_rows(self, rows: Sequence[Row]) -> bytes:
        """Return the rows; they may be a part of what is given, and the rest follows."""

    def end(self) -> bytes:
        """Return what stands behind the last row."""


def open_writer(file_format: ExportFormat, keys: Sequence[str], titles: Sequence[str]) -> FileWriter:
    """Return the writer of a file; `keys` name the values of a line of NDJSON, `titles` head the columns of a table."""
    match file_format:
        case ExportFormat.NDJSON:
            return _NdjsonWriter(keys)
        case ExportFormat.XLSX:
            return _XlsxWriter(titles)
        case ExportFormat.CSV:
            return _CsvWriter(titles)


class _CsvWriter:
    def __init__(self, titles: Sequence[str]) -> None:
        self._titles = titles

    def begin(self) -> bytes:
        return _BYTE_ORDER_MARK.encode() + self.write_rows([self._titles])

    def write_rows(self, rows: Sequence[Row]) -> bytes:
        text = StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(
            [read_cell(value, guard_csv_text) for value in row] for row in rows
        )
        return text.getvalue().encode()

    def end(self) -> bytes:
        return b""


class _NdjsonWriter:
    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys

    def begin(self) -> bytes:
        return b""

    def write_rows(self, rows: Sequence[Row]) -> bytes:
        return b"".join(orjson.dumps(dict(zip(self._keys, row, strict=True))) + b"\n" for row in rows)

    def end(self) -> bytes:
        return b""


class _XlsxWriter:
    def __init__(self, titles: Sequence[str]) -> None:
        self._writer = SpreadsheetWriter(titles)

    def begin(self) -> bytes:
        return self._writer.begin()

    def write_rows(self, rows: Sequence[Row]) -> bytes:
        return self._writer.write_rows([list(map(read_cell, row)) for row in rows])

    def end(self) -> bytes:
        return self._writer.end()


def read_cell(value: Any, guard: Callable[[str], str] = guard_text) -> Cell:
    """Return a value as a cell: numbers stay numbers, everything else becomes text that is no formula."""
    kind = type(value)
    if kind is str:
        return guard(value)
    if value is None or kind is int or kind is float:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is list and all(type(item) is str for item in value):
        return guard(SEPARATOR.join(value))
    return guard(orjson.dumps(value).decode())
