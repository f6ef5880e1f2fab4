"""Exported files, read again by other programs: the csv module, json, and openpyxl."""

import csv
import json
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.integrations.exports import ExportFormat, guard_csv_text
from jobs.integrations.export_files import open_writer
from jobs.integrations.spreadsheets import MAX_CELL_LENGTH, SpreadsheetWriter

ROWS: list[list[Any]] = [
    ['Acme, "Ltd"\nÄ & <b>', 3, 2.5, None, True, ["A", "B"]],
    ["=1+1", -7, -0.5, "", False, []],
    ["+1", 0, 0.0, "-1", False, ["@x"]],
]
KEYS = ["name", "count", "share", "note", "trial", "tags"]
_TEXT = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}t"
TITLES = ["Name", "Count", "Share", "Note", "Trial", "Tags"]


def written(file_format: ExportFormat, rows: list[list[Any]]) -> bytes:
    writer = open_writer(file_format, KEYS, TITLES)
    return writer.begin() + b"".join(writer.write_rows([row]) for row in rows) + writer.end()


def read_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def read_xlsx(content: bytes) -> list[list[list[Any]]]:
    workbook = openpyxl.load_workbook(BytesIO(content))
    return [[[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in workbook]


def test_csv_is_read_by_others_as_it_was_written() -> None:
    content = written(ExportFormat.CSV, ROWS)
    assert read_csv(content) == [
        TITLES,
        ['Acme, "Ltd"\nÄ & <b>', "3", "2.5", "", "true", "A; B"],
        ["'=1+1", "-7", "-0.5", "", "false", ""],
        ["'+1", "0", "0.0", "'-1", "false", "'@x"],
    ]
    assert content.count(b"\r\n") == 4 and content.endswith(b"\r\n")


def test_a_spreadsheet_has_texts_numbers_and_no_formulas() -> None:
    content = written(ExportFormat.XLSX, ROWS)
    assert read_xlsx(content) == [
        [
            TITLES,
            ['Acme, "Ltd"\nÄ & <b>', 3, 2.5, None, "true", "A; B"],
            ["'=1+1", -7, -0.5, "", "false", ""],
            ["'+1", 0, 0, "'-1", "false", "'@x"],
        ]
    ]
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    assert sheet.freeze_panes == "A2"
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None and b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_ndjson_keeps_types_and_texts() -> None:
    lines = written(ExportFormat.NDJSON, ROWS).decode().splitlines()
    assert [json.loads(line) for line in lines] == [dict(zip(KEYS, row, strict=True)) for row in ROWS]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4))
def test_any_text_arrives(texts: list[str]) -> None:
    guarded = [text if not text.startswith(("=", "+", "-", "@", "\t", "\r")) else f"'{text}" for text in texts]
    rows = [[text, None, None, None, None, None] for text in texts]
    assert [row[0] for row in read_csv(written(ExportFormat.CSV, rows))[1:]] == list(map(guard_csv_text, texts))
    assert [json.loads(line)["name"] for line in written(ExportFormat.NDJSON, rows).split(b"\n")[:-1]] == texts
    # Every character that XML can contain arrives, and the others break no file.
    with ZipFile(BytesIO(written(ExportFormat.XLSX, rows))) as archive:
        cells = [t.text or "" for t in ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml")).iter(_TEXT)]
    for text, cell in zip(guarded, cells[len(TITLES) :], strict=True):
        assert cell == text or "_x" in text or not text.isprintable()


@pytest.mark.parametrize(
    ("text", "cell"),
    [("\x00\x1f\ufffe", "\ufffd" * 3), ("_x0041_", "_x005F_x0041_"), ("a\rb", "a_x000D_b"), ("_xyz", "_xyz")],
)
def test_what_xml_cannot_contain_is_replaced_or_escaped(text: str, cell: str) -> None:
    assert read_xlsx(written(ExportFormat.XLSX, [[text, None, None, None, None, None]]))[0][1][0] == cell


def test_a_long_text_is_cut_to_the_units_that_a_cell_holds() -> None:
    texts = ["x" * MAX_CELL_LENGTH, "x" * (MAX_CELL_LENGTH + 1), "🙂" * 16_383, "🙂" * 16_384]
    content = written(ExportFormat.XLSX, [[text, None, None, None, None, None] for text in texts])
    cells = [row[0] for row in read_xlsx(content)[0][1:]]
    assert [len(cell.encode("utf-16-le")) // 2 for cell in cells] == [MAX_CELL_LENGTH] * 2 + [32_766, 32_767]
    assert cells[0] == texts[0] and cells[2] == texts[2] and cells[1][-1] == cells[3][-1] == "…"


def test_rows_beyond_a_sheet_continue_on_the_next_one() -> None:
    writer = SpreadsheetWriter(["A"], max_rows=3)
    content = writer.begin() + writer.write_rows([[number] for number in range(5)]) + writer.end()
    assert read_xlsx(content) == [[["A"], [0], [1]], [["A"], [2], [3]], [["A"], [4]]]
    empty = SpreadsheetWriter(["A"])
    assert read_xlsx(empty.begin() + empty.end()) == [[["A"]]]
