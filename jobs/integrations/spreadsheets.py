"""Writes a workbook (XLSX, ECMA-376) as it is read: a ZIP archive whose parts are never kept.

The texts stand in the cells, not in the table of shared strings, which would have to be kept until the end.
"""

import re
from collections.abc import Sequence
from typing import IO, Final, cast
from zipfile import ZIP_DEFLATED, ZipFile

Cell = str | int | float | None

# The limits of Excel.
MAX_SHEET_ROWS: Final = 1_048_576
MAX_CELL_LENGTH: Final = 32_767
# A part of an archive without ZIP64, which not every reader knows, has at most 2 GiB.
MAX_SHEET_BYTES: Final = 1_500_000_000
# The fastest level: others take twice the time for a tenth less.
_LEVEL: Final = 1
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_CONTENT: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# Every part but the workbook is a sheet, so that their number need not be known at the beginning.
_CONTENT_TYPES: Final = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_CONTENT}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_CONTENT}.sheet.main+xml"/></Types>'
)
_ROOT: Final = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
# The first row stays visible.
_SHEET_HEAD: Final = (
    f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_SHEET_END: Final = "</sheetData></worksheet>"
# What must be written in another way: XML's own signs, what XML cannot contain, and what Excel reads as an escape.
_SPECIAL: Final = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "_": "_x005F_", "\r": "_x000D_"}


class _Buffer:
    """A file that can only be written, whose bytes are taken out again and again."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Do nothing: the bytes are taken with `take`."""

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


class SpreadsheetWriter:
    """Returns the bytes of a workbook, part by part. Each sheet begins with the titles and has at most `max_rows`."""

    def __init__(self, titles: Sequence[str], max_rows: int = MAX_SHEET_ROWS) -> None:
        self._titles, self._max_rows = titles, max_rows
        self._buffer = _Buffer()
        self._archive = ZipFile(cast(IO[bytes], self._buffer), "w", ZIP_DEFLATED, compresslevel=_LEVEL)
        self._sheets = self._rows = self._bytes = 0
        self._sheet: IO[bytes] | None = None

    def begin(self) -> bytes:
        """Return the beginning of the file."""
        self._archive.writestr("[Content_Types].xml", _CONTENT_TYPES)
        self._archive.writestr("_rels/.rels", _ROOT)
        self._begin_sheet()
        return self._buffer.take()

    def write_rows(self, rows: Sequence[Sequence[Cell]]) -> bytes:
        """Return what is ready after these rows."""
        for row in rows:
            if self._rows == self._max_rows or self._bytes >= MAX_SHEET_BYTES:
                self._end_sheet()
                self._begin_sheet()
            self._write_row(row)
        return self._buffer.take()

    def end(self) -> bytes:
        """Return the end of the file."""
        self._end_sheet()
        numbers = range(1, self._sheets + 1)
        sheets = "".join(f'<sheet name="Sheet{n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
        workbook = f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'
        targets = "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="{_sheet_name(n)}"/>' for n in numbers
        )
        relations = f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{targets}</Relationships>'
        self._archive.writestr("xl/workbook.xml", workbook)
        self._archive.writestr("xl/_rels/workbook.xml.rels", relations)
        self._archive.close()
        return self._buffer.take()

    def _begin_sheet(self) -> None:
        self._sheets, self._rows, self._bytes = self._sheets + 1, 0, 0
        self._sheet = self._archive.open(f"xl/{_sheet_name(self._sheets)}", "w")
        self._write(_SHEET_HEAD)
        self._write_row(self._titles)

    def _end_sheet(self) -> None:
        self._write(_SHEET_END)
        if self._sheet is not None:
            self._sheet.close()

    def _write_row(self, row: Sequence[Cell]) -> None:
        self._rows += 1
        self._write(f"<row>{''.join(map(_format_cell, row))}</row>")

    def _write(self, text: str) -> None:
        if self._sheet is not None:
            self._bytes += self._sheet.write(text.encode())


def _sheet_name(number: int) -> str:
    return f"worksheets/sheet{number}.xml"


def _format_cell(cell: Cell) -> str:
    if cell is None:
        return "<c/>"
    if not isinstance(cell, str):
        return f"<c><v>{cell}</v></c>"
    text = cell if len(cell) <= MAX_CELL_LENGTH // 2 else _shorten(cell)
    if _SPECIAL.search(text):
        text = _SPECIAL.sub(lambda match: _ENTITIES.get(match.group(), "\ufffd"), text)
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _shorten(text: str) -> str:
    """Return the text within the limit of a cell, which counts units of UTF-16."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MAX_CELL_LENGTH:
        return text
    return units[: 2 * (MAX_CELL_LENGTH - 1)].decode("utf-16-le", "ignore") + "…"
